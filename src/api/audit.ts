import type { Caller } from '../core/callers.ts';
import { GlacierError } from '../model/errors.ts';
import { formatInstantSeconds } from '../model/instants.ts';
import type { Principal } from '../policy/context.ts';
import { auditRecord, type UserIdentity } from '../telemetry/audit-record.ts';
import { cut, hasRecordedBody, requestParameters, responseElements } from './audit-parameters.ts';
import { ClientGoneError } from './body.ts';
import type { Call } from './call.ts';
import { INTERNAL_ERROR } from './errors.ts';
import type { RequestHead } from './framing.ts';
import type { Arrival } from './peer.ts';
import type { Reply } from './reply.ts';
import type { Route } from './route.ts';

/**
 * Which requests the audit log tells of, and how. It tells of every request that would change something, whatever became
 * of it, and of every one that was turned away for who sent it or for what that one may do. What only read, and might, is
 * not told: it is most of the traffic and changes nothing.
 */
const SOURCE = 'glacier.amazonaws.com';
const DENIALS = [
  'AccessDeniedException',
  'InvalidSignatureException',
  'UnrecognizedClientException',
  'ExpiredTokenException',
];
const LAST_OF_MANY = 'too many were turned away: further ones of this minute are not told';
const CLAIMED_KEY = /\bCredential=([A-Za-z0-9_-]{1,128})\//;

/** What is learnt of a request on its way, for the audit log. */
export interface Notes {
  head: RequestHead;
  arrival: Arrival;
  /** Once the request is authentic. */
  caller?: Caller;
  route?: Route;
  accountId?: string;
  call?: Call;
  reply?: Pick<Reply, 'headers'>;
  error?: unknown;
  /** The key that a request names, once it is known that there is such a key: whoever sent it need not own it. */
  knownKeyId?: string;
  /** The last of so many that they would only fill the disk: it tells that the others of its minute are not told. */
  isLastOfMany?: true;
}

export interface Told {
  requestId: string;
  nowMs: number;
  region: string;
  /** Where a request leads that was turned away before anybody looked. Throws GlacierError for nowhere. */
  findRoute: () => Route;
}

/** The record of a request that has been answered, or undefined for one that is not told of. */
export async function recordOf(notes: Notes, told: Told): Promise<object | undefined> {
  const route = notes.route ?? (notes.caller === undefined ? routeIfAny(told.findRoute) : undefined);
  const readOnly = (route?.operation.method ?? notes.head.method) === 'GET';
  if (!isTold(notes, { route, readOnly })) return undefined;
  const { head, caller, call, reply } = notes;
  const { circumstances } = notes.arrival;
  // An answer that could not be sent was given all the same.
  const error = reply === undefined ? errorOf(notes.error) : undefined;
  const operation = route?.operation.name;
  return auditRecord({
    identity: caller === undefined ? strangerIdentity(head) : identityOf(caller),
    atMs: told.nowMs,
    source: SOURCE,
    name: operation ?? 'UnknownOperation',
    region: told.region,
    sourceIp: circumstances.sourceIp,
    userAgent: circumstances.userAgent && cut(circumstances.userAgent),
    ...(error && { error }),
    parameters: requestParameters({
      head,
      parameters: route?.parameters,
      operation,
      ...(isDenied(notes) || !hasRecordedBody(operation) ? {} : await call?.verifiedMembers()),
    }),
    elements: reply === undefined || readOnly ? null : responseElements(reply.headers),
    requestId: told.requestId,
    readOnly,
    recipientAccountId: notes.accountId ?? caller?.accountId,
    ...(notes.isLastOfMany && { note: LAST_OF_MANY }),
  });
}

function routeIfAny(findRoute: () => Route): Route | undefined {
  try {
    return findRoute();
  } catch (error) {
    if (error instanceof GlacierError) return undefined;
    throw error;
  }
}

function isTold(notes: Notes, { route, readOnly }: { route: Route | undefined; readOnly: boolean }): boolean {
  if (isDenied(notes)) return true;
  return route !== undefined && !readOnly;
}

/** Whether a request was turned away for who sent it or for what that one may do. */
export const isDenied = ({ caller, error }: Notes): boolean =>
  caller === undefined || (error instanceof GlacierError && DENIALS.includes(error.code));

/** Only the first line of a message: after it the answer to a wrong signature quotes the headers that were signed. */
function errorOf(error: unknown): { code: string; message: string } | undefined {
  if (error === undefined) return undefined;
  if (error instanceof ClientGoneError) return { code: 'ClientDisconnected', message: error.message };
  const { code, message } = error instanceof GlacierError ? error : INTERNAL_ERROR;
  return { code, message: cut(message.split('\n', 1)[0] ?? '') };
}

const TYPES = {
  root: 'Root',
  user: 'IAMUser',
  'assumed-role': 'AssumedRole',
  'federated-user': 'FederatedUser',
} as const satisfies Record<Principal['type'], UserIdentity['type']>;

export function identityOf({ accessKeyId, accountId, principal, token }: Caller): UserIdentity {
  const { type, arn, userId, userName, issuerArn } = principal;
  return {
    type: TYPES[type],
    principalId: userId,
    arn,
    accountId,
    accessKeyId,
    ...(userName === undefined ? {} : { userName }),
    ...(token && {
      sessionContext: {
        ...(issuerArn === undefined ? {} : { sessionIssuer: { arn: issuerArn, accountId } }),
        attributes: { creationDate: formatInstantSeconds(token.issuedAtMs), mfaAuthenticated: 'false' },
      },
    }),
  };
}

/** The key that an unproven request names, if it names one at all: whoever sent it need not own it. */
function strangerIdentity(head: RequestHead): UserIdentity {
  const [, accessKeyId] = CLAIMED_KEY.exec(head.header('authorization') ?? '') ?? [];
  return { type: 'Unknown', ...(accessKeyId === undefined ? {} : { accessKeyId }) };
}
