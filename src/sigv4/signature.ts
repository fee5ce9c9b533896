import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import { ALGORITHM, type Authorization, type CredentialScope, scopeText } from './authorization.ts';
import { canonicalHeaders, type HeaderPair } from './headers.ts';
import { canonicalPath } from './path.ts';
import { canonicalQuery, sortedQuery } from './query.ts';
import { safeEqual } from './safe-equal.ts';

/**
 * Signature Version 4 (AWS, "Create a signed request"): the request in one fixed spelling, its hash in a short text with
 * date and scope, and an HMAC over that. The server builds all of it again from the bytes it received.
 */

/** A request as far as its signature covers it. Text from the wire holds one character per byte. */
export interface SignedParts {
  method: string;
  /** From `pathSegments`; the same list that is routed. */
  segments: readonly string[];
  /** In canonical form. */
  query: string;
  headers: readonly HeaderPair[];
  signedHeaders: readonly string[];
  /** SHA-256 of the body in hexadecimal, as the client states it or as it was computed. */
  payloadHash: string;
}

/** The canonical request, in bytes: one character each. */
export function canonicalRequest(parts: SignedParts): string {
  return [
    parts.method,
    canonicalPath(parts.segments),
    parts.query,
    canonicalHeaders(parts.headers, parts.signedHeaders),
    parts.signedHeaders.join(';'),
    parts.payloadHash,
  ].join('\n');
}

/** The string to sign; `amzDate` is the text of the request's `x-amz-date`. */
export function stringToSign({
  amzDate,
  scope,
  canonicalRequest: canonical,
}: {
  amzDate: string;
  scope: CredentialScope;
  canonicalRequest: string;
}): string {
  const digest = hash('sha256', Buffer.from(canonical, 'latin1'), 'hex');
  return [ALGORITHM, amzDate, scopeText(scope), digest].join('\n');
}

/** What signing keys are to OpenSSL. Making that of the bytes of a key costs several times as much as the HMAC itself. */
const keyObjects = new WeakMap<Buffer, KeyObject>();

function keyObjectOf(signingKey: Buffer): KeyObject {
  const known = keyObjects.get(signingKey);
  if (known !== undefined) return known;
  const made = createSecretKey(signingKey);
  keyObjects.set(signingKey, made);
  return made;
}

/** The signature, 64 lower-case hexadecimal digits. */
export function signatureOf(signingKey: Buffer, toSign: string): string {
  return createHmac('sha256', keyObjectOf(signingKey)).update(toSign).digest('hex');
}

/** A received request with its Authorization header taken apart. `query` is as received. */
export interface SignedRequest extends Omit<SignedParts, 'signedHeaders'> {
  amzDate: string;
  authorization: Authorization;
  signingKey: Buffer;
}

/** Whether the signature is right and, where it is not, the texts that the client should have signed. */
export type Verdict = { ok: true } | { ok: false; canonicalRequest: string; stringToSign: string };

/**
 * Compares the signature of a request with the one that its content calls for. Says nothing about what the caller must
 * check itself: the clock, the scope's day, region and service, which headers are signed, and the hash of the body.
 */
export function verifySignature(request: SignedRequest): Verdict {
  if (request.query === '') return comparedWith(request, '');
  const amazonsQuery = canonicalQuery(request.query);
  const botocoresQuery = sortedQuery(request.query);
  const verdict = comparedWith(request, amazonsQuery);
  if (verdict.ok || amazonsQuery === botocoresQuery) return verdict;
  return comparedWith(request, botocoresQuery).ok ? { ok: true } : verdict;
}

function comparedWith(request: SignedRequest, query: string): Verdict {
  const { amzDate, authorization, signingKey } = request;
  const canonical = canonicalRequest({ ...request, query, signedHeaders: authorization.signedHeaders });
  const toSign = stringToSign({ amzDate, scope: authorization.scope, canonicalRequest: canonical });
  if (safeEqual(signatureOf(signingKey, toSign), authorization.signature)) return { ok: true };
  return { ok: false, canonicalRequest: canonical, stringToSign: toSign };
}

/** What the real service answers to a wrong signature: the texts it expected, for the client to compare with its own. */
export function signatureMismatchMessage(expected: { canonicalRequest: string; stringToSign: string }): string {
  return [
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and ' +
      'signing method. Consult the service documentation for details.',
    '',
    'The Canonical String for this request should have been',
    `'${expected.canonicalRequest}'`,
    '',
    'The String-to-Sign should have been',
    `'${expected.stringToSign}'`,
    '',
  ].join('\n');
}
