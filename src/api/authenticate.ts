import { hash, randomUUID } from 'node:crypto';
import type { Caller, KnownKey } from '../core/callers.ts';
import type { Clock } from '../model/clock.ts';
import { GlacierError, invalidParameter, missingParameter } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { formatAmzDate, parseAmzDate, signatureExpiredMessage } from '../sigv4/amz-date.ts';
import { type Authorization, parseAuthorization } from '../sigv4/authorization.ts';
import { safeEqual } from '../sigv4/safe-equal.ts';
import { signatureMismatchMessage, verifySignature } from '../sigv4/signature.ts';
import type { SigningKeyCache } from '../sigv4/signing-key.ts';
import type { RequestBody } from './body.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { RequestHead } from './framing.ts';

/**
 * The one gate. Every request to the API passes here before anything else is looked at: its path is not routed, its body
 * not read (unless the signature cannot be checked without it). The checks, their order and their texts are those that
 * clients can observe of the real service: credentials, key, clock, signature; the body's hash follows when it is read.
 */
const SERVICE = 'glacier';
const QUERY_CREDENTIALS = /^x-amz-(algorithm|credential|date|expires|security-token|signature|signedheaders)$/;
const LITERAL_HASH = /^[0-9a-f]{64}$/;
/** This header's value is the last line of what is signed, so listing it among the signed headers adds nothing. */
const SIGNED_ANYWAY = 'x-amz-content-sha256';

export interface Gate {
  clock: Clock;
  region: string;
  signingKeys: SigningKeyCache;
  /** For bodies that must be there before their signature can be checked. */
  unhashedBytes: ByteBudget;
  /** Undefined for an id that may not sign: never made, disabled, or deleted. */
  findAccessKey: (accessKeyId: string) => Promise<KnownKey | undefined>;
}

export interface Authenticated {
  caller: Caller;
  /** What the signature was held against. */
  key: KnownKey;
  /** SHA-256 of the body as the client signed it; the body must still be held against it. */
  payloadHash: string;
}

export interface Unauthenticated {
  head: RequestHead;
  segments: readonly string[];
  body: RequestBody;
  /** Told of the key that the request names, if there is one and its token is right. */
  onKnownKey?: (accessKeyId: string) => void;
}

interface ClaimedSignature extends Pick<Unauthenticated, 'head' | 'segments' | 'onKnownKey'> {
  authorization: Authorization;
}

/** Tells who sent a request, or throws what the real service would answer. */
export async function authenticate(gate: Gate, request: Unauthenticated): Promise<Authenticated> {
  const { head, segments, body } = request;
  refuseQueryCredentials(head.target.query);
  const header = head.header('authorization');
  if (header === undefined) throw missingToken('Missing Authentication Token');
  const authorization = parseAuthorization(header);
  const claimed = { ...request, authorization };
  let key = await knownKey(gate, claimed);
  const amzDate = checkDate(gate, { head, authorization });
  checkScope(gate, authorization);
  checkSignedHeaders(head, authorization);
  const waited = !body.isComplete;
  const stated = literalHash(head);
  const payloadHash = stated ?? hash('sha256', await unhashedBody(gate, body), 'hex');
  if (stated === undefined && waited) {
    // The client chose how long that took, so what holds is what is known now.
    key = await knownKey(gate, claimed);
    checkDate(gate, { head, authorization });
  }
  const { secretAccessKey, caller } = key;
  const { accessKeyId } = caller;
  const verdict = verifySignature({
    method: head.method,
    segments,
    query: head.target.query,
    headers: head.headers,
    payloadHash,
    amzDate,
    authorization,
    signingKey: gate.signingKeys.keyFor({ accessKeyId, secretAccessKey, scope: authorization.scope }),
  });
  if (!verdict.ok) throw invalidSignature(signatureMismatchMessage(verdict));
  return { caller, key, payloadHash };
}

/**
 * The caller as it is now, for a client that has taken its time to send a body: with the policies of now, if its key still
 * may sign and is the one that it signed with.
 */
export async function callerNow({ clock, findAccessKey }: Gate, { key, caller }: Authenticated): Promise<Caller> {
  const now = await findAccessKey(caller.accessKeyId);
  if (now === undefined || !haveSameSecrets(now, key)) throw unknownKey();
  refuseExpired(now, clock);
  return now.caller;
}

/**
 * The work of a signature for an id that there is no key for, so that it costs about as much as a wrong secret. It hides no
 * ids: the answers tell those apart, as Amazon's do, and a key is looked up faster when it was just used. Requests that fail
 * for another reason before their signature is looked at cost less than either.
 */
function verifyInVain({ clock, region, signingKeys }: Gate, { head, segments, authorization }: ClaimedSignature): void {
  const amzDate = formatAmzDate(clock.nowMs());
  const scope = { date: amzDate.slice(0, 8), region, service: SERVICE };
  const { method, target, headers } = head;
  const payloadHash = head.header('x-amz-content-sha256') ?? hash('sha256', '');
  const signingKey = signingKeys.keyFor({ ...NOBODY, scope });
  verifySignature({ method, segments, query: target.query, headers, payloadHash, amzDate, authorization, signingKey });
}

const NOBODY = { accessKeyId: '', secretAccessKey: randomUUID() };

function refuseQueryCredentials(query: string): void {
  for (const [name] of new URLSearchParams(query)) {
    if (QUERY_CREDENTIALS.test(name.toLowerCase())) {
      throw missingToken('Credentials in the query string are not supported: sign with the Authorization header.');
    }
  }
}

/** The key that is named, with its session token beside it if it is a temporary one, and not too late. */
async function knownKey(gate: Gate, claimed: ClaimedSignature): Promise<KnownKey> {
  const { head, authorization } = claimed;
  const key = await gate.findAccessKey(authorization.accessKeyId);
  if (key === undefined || !hasItsToken(key, head.header('x-amz-security-token'))) {
    verifyInVain(gate, claimed);
    throw unknownKey();
  }
  claimed.onKnownKey?.(authorization.accessKeyId);
  refuseExpired(key, gate.clock);
  return key;
}

const haveSameSecrets = (one: KnownKey, other: KnownKey): boolean =>
  safeEqual(one.secretAccessKey, other.secretAccessKey) && safeEqual(one.tokenDigest ?? '', other.tokenDigest ?? '');

function refuseExpired({ expiresAtMs }: KnownKey, clock: Clock): void {
  if (expiresAtMs !== null && expiresAtMs <= clock.nowMs()) {
    throw new GlacierError('ExpiredTokenException', 'The security token included in the request is expired');
  }
}

function hasItsToken({ tokenDigest }: KnownKey, token: string | undefined): boolean {
  if (tokenDigest === null || token === undefined) return tokenDigest === null && token === undefined;
  return safeEqual(hash('sha256', token, 'hex'), tokenDigest);
}

const CLOCK_SKEW = 'clock skew';

/** Whether a request with a known key came too late or too early, by its token or by its clock. */
export const tellsOfTime = (error: unknown): boolean =>
  error instanceof GlacierError && (error.code === 'ExpiredTokenException' || error.cause === CLOCK_SKEW);

/** Returns the text of the date that was signed, once it is near enough and fits the scope. */
function checkDate(gate: Gate, { head, authorization }: { head: RequestHead; authorization: Authorization }): string {
  const amzDate = head.header('x-amz-date') ?? head.header('date');
  const signedAtMs = amzDate === undefined ? undefined : parseAmzDate(amzDate);
  if (amzDate === undefined || signedAtMs === undefined) {
    throw invalidSignature('The request needs an x-amz-date of the form YYYYMMDDTHHMMSSZ.');
  }
  const problem = signatureExpiredMessage({ signedAtMs, nowMs: gate.clock.nowMs(), skewMs: limits.clockSkewMs });
  if (problem !== undefined) throw new GlacierError('InvalidSignatureException', problem, { cause: CLOCK_SKEW });
  refuseOtherDate(head, signedAtMs);
  const day = amzDate.slice(0, 8);
  if (authorization.scope.date !== day) {
    throw invalidSignature(
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: ' +
        `'${authorization.scope.date}' != '${day}', from '${amzDate}'.`,
    );
  }
  return amzDate;
}

/** Amazon's service goes by x-amz-date; clients that send Date as well mean the same instant by it. */
function refuseOtherDate(head: RequestHead, signedAtMs: number): void {
  const date = head.header('date');
  if (date === undefined) return;
  const dateMs = parseAmzDate(date) ?? Date.parse(date);
  if (!(Math.abs(dateMs - signedAtMs) <= limits.clockSkewMs)) {
    throw invalidSignature('The headers Date and x-amz-date name different times.');
  }
}

function checkScope({ region }: Gate, { scope }: Authorization): void {
  if (scope.service !== SERVICE) {
    throw invalidSignature(`Credential should be scoped to correct service: '${SERVICE}'.`);
  }
  if (scope.region !== region) {
    throw invalidSignature(
      `Credential should be scoped to a valid region, not '${scope.region}'. The region of this server is '${region}'.`,
    );
  }
}

/**
 * The host, the date and Amazon's own headers must be signed, or somebody on the way could change them. Range and
 * Content-Range steer requests too, but may be unsigned: boto2 does not sign them.
 */
function checkSignedHeaders(head: RequestHead, { signedHeaders }: Authorization): void {
  const signed = new Set(signedHeaders);
  const needed = head.headers
    .map(([name]) => name.toLowerCase())
    .filter((name) => name.startsWith('x-amz-') && name !== SIGNED_ANYWAY);
  if (head.header('x-amz-date') === undefined) needed.push('date');
  for (const name of ['host', ...needed]) {
    if (!signed.has(name)) throw invalidSignature(`The header ${name} must be among the SignedHeaders.`);
  }
}

/** The hash that the client states for its body; modes that sign no literal hash are refused. */
function literalHash(head: RequestHead): string | undefined {
  const stated = head.header('x-amz-content-sha256');
  if (stated !== undefined && !LITERAL_HASH.test(stated)) {
    throw invalidParameter(`Invalid x-amz-content-sha256: ${stated}`);
  }
  return stated;
}

/**
 * A body that comes without its hash must be there before the signature can be checked, so it must be small, and its client
 * must not wait for an invitation, which only authentic requests get.
 */
function unhashedBody({ unhashedBytes }: Gate, body: RequestBody): Promise<Buffer> {
  const bytesMax = limits.unhashedBodyBytesMax;
  if (!body.isInvited) throw missingParameter('x-amz-content-sha256');
  if ((body.lengthBytes ?? 0) > bytesMax) throw needsHash();
  // Of a body whose end nobody knows, the most that it may be.
  const bytes = body.lengthBytes ?? (body.isAnnounced ? bytesMax : 0);
  return unhashedBytes.hold(bytes, () => body.whole({ bytesMax, tooLong: needsHash }));
}

const needsHash = (): GlacierError =>
  missingParameter(`x-amz-content-sha256. A body of more than ${limits.unhashedBodyBytesMax} bytes needs it.`);

const unknownKey = (): GlacierError =>
  new GlacierError('UnrecognizedClientException', 'The security token included in the request is invalid.');

const invalidSignature = (message: string): GlacierError => new GlacierError('InvalidSignatureException', message);

const missingToken = (message: string): GlacierError =>
  new GlacierError('MissingAuthenticationTokenException', message);
