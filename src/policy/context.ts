import { SECOND_MS } from '../model/limits.ts';
import { type ActionName, actionNamed, type CarriedKey } from './actions.ts';
import { foldCase } from './fold.ts';

/**
 * What a policy can ask of a request: the value or values of a condition key. They are worked out when asked for, since
 * most policies ask for one or two.
 */

/** There is, or may be, a value, but it cannot be told now: every test of it is undecided. */
export const UNKNOWN = Symbol('unknown');

export type ContextValue = string | readonly string[] | typeof UNKNOWN;

export interface Context {
  /** By the lower-case name of the key; undefined when the request does not hold it. */
  get(lookup: string): ContextValue | undefined;
}

/** Tags as the vault, the principal or the request holds them. `UNKNOWN` when they could not be read. */
export type Tags = ReadonlyMap<string, string> | typeof UNKNOWN;

/** The values of aws:PrincipalType. */
export const PRINCIPAL_TYPES = {
  root: 'Account',
  user: 'User',
  'assumed-role': 'AssumedRole',
  'federated-user': 'FederatedUser',
} as const;

export interface Principal {
  type: keyof typeof PRINCIPAL_TYPES;
  /** Twelve digits. A principal without an account is allowed nothing. */
  accountId: string;
  arn: string;
  /** aws:userid: the account's number for root, the user's own id, or a session's `<role id>:<session name>`. */
  userId: string;
  /** Of users only. */
  userName?: string;
  /** Of a session: the ARN of the role it was made from, or of the user who federated. */
  issuerArn?: string;
  tags?: Tags;
}

/**
 * The circumstances of a request. What is left out is not in the request; but tags that its action carries and nobody gave
 * are unknown, so that a legal hold does not depend on their being remembered here.
 */
export interface RequestFacts {
  action: ActionName;
  principal: Principal;
  resourceAccountId: string;
  region: string;
  /** `UNKNOWN` when the clock cannot be believed. */
  nowMs: number | typeof UNKNOWN;
  /** Whether the request came over TLS. */
  secureTransport: boolean;
  /** As the socket or a trusted proxy gives it. */
  sourceIp?: string;
  userAgent?: string;
  referer?: string;
  /** Of temporary credentials only; `mfaAtMs` when a second factor was shown for them. */
  token?: { issuedAtMs: number; mfaAtMs?: number };
  /**
   * Whole days since the archive was made, for DeleteArchive and for InitiateJob on an archive. `UNKNOWN` when the clock
   * cannot be believed: denials by age then hold and permissions by age do not.
   */
  archiveAgeInDays?: number | typeof UNKNOWN;
  resourceTags?: Tags;
  /** The tags that AddTagsToVault would set. */
  requestTags?: Tags;
  /** The tag keys that AddTagsToVault or RemoveTagsFromVault names. */
  tagKeys?: readonly string[];
}

type Answer = (facts: RequestFacts) => ContextValue | undefined;

const ANSWERS = new Map<string, Answer>([
  ['aws:currenttime', ({ nowMs }) => (nowMs === UNKNOWN ? UNKNOWN : new Date(nowMs).toISOString())],
  ['aws:epochtime', ({ nowMs }) => (nowMs === UNKNOWN ? UNKNOWN : String(Math.floor(nowMs / SECOND_MS)))],
  ['aws:multifactorauthage', mfaAge],
  ['aws:multifactorauthpresent', ({ token }) => token && String(token.mfaAtMs !== undefined)],
  ['aws:principalaccount', ({ principal }) => principal.accountId],
  ['aws:principalarn', principalArn],
  ['aws:principalisawsservice', () => 'false'],
  ['aws:principaltype', ({ principal }) => PRINCIPAL_TYPES[principal.type]],
  ['aws:referer', ({ referer }) => referer],
  ['aws:requestedregion', ({ region }) => region],
  ['aws:resourceaccount', ({ resourceAccountId }) => resourceAccountId],
  ['aws:securetransport', ({ secureTransport }) => String(secureTransport)],
  ['aws:sourceip', ({ sourceIp }) => sourceIp],
  ['aws:tagkeys', ({ tagKeys, action }) => (carries(action, 'tag-keys') ? (tagKeys ?? UNKNOWN) : undefined)],
  ['aws:tokenissuetime', ({ token }) => token && new Date(token.issuedAtMs).toISOString()],
  ['aws:useragent', ({ userAgent }) => userAgent],
  ['aws:userid', ({ principal }) => principal.userId],
  ['aws:username', ({ principal }) => (principal.type === 'user' ? principal.userName : undefined)],
  ['aws:viaawsservice', () => 'false'],
  ['glacier:archiveageindays', archiveAge],
]);

/** The context of a request. Keys that its action does not carry are absent from it, whatever the facts hold. */
export function requestContext(facts: RequestFacts): Context {
  const folded: FoldedTags = new Map();
  return {
    get(lookup) {
      const slash = lookup.indexOf('/');
      return slash < 0
        ? ANSWERS.get(lookup)?.(facts)
        : valueIn(tagsNamed(lookup.slice(0, slash), facts), lookup.slice(slash + 1), folded);
    },
  };
}

/** A session made from a role goes by the role; that of a federated user by itself. */
function principalArn({ principal: { type, arn, issuerArn } }: RequestFacts): string {
  return type === 'assumed-role' ? (issuerArn ?? arn) : arn;
}

function mfaAge({ token, nowMs }: RequestFacts): ContextValue | undefined {
  if (token?.mfaAtMs === undefined || nowMs === UNKNOWN) return token?.mfaAtMs === undefined ? undefined : UNKNOWN;
  return String(Math.floor((nowMs - token.mfaAtMs) / SECOND_MS));
}

function archiveAge({ action, archiveAgeInDays }: RequestFacts): ContextValue | undefined {
  if (archiveAgeInDays === undefined || !carries(action, 'archive-age')) return undefined;
  return archiveAgeInDays === UNKNOWN ? UNKNOWN : String(archiveAgeInDays);
}

function tagsNamed(prefix: string, { action, principal, resourceTags, requestTags }: RequestFacts): Tags | undefined {
  switch (prefix) {
    case 'glacier:resourcetag':
    case 'aws:resourcetag':
      return carries(action, 'resource-tag') ? (resourceTags ?? UNKNOWN) : undefined;
    case 'aws:requesttag':
      return carries(action, 'request-tag') ? (requestTags ?? UNKNOWN) : undefined;
    case 'aws:principaltag':
      return principal.tags;
    default:
      return undefined;
  }
}

/** Tags by their keys in one case, made when first asked for: a document may ask for a thousand. */
type FoldedTags = Map<Tags, ReadonlyMap<string, readonly string[]>>;

/** Tag keys that differ in case only are one key to a condition, so there may be several values. */
function valueIn(tags: Tags | undefined, tagKey: string, known: FoldedTags): ContextValue | undefined {
  if (tags === undefined || tags === UNKNOWN) return tags;
  const folded = known.get(tags) ?? foldKeys(tags);
  known.set(tags, folded);
  return folded.get(tagKey);
}

function foldKeys(tags: ReadonlyMap<string, string>): ReadonlyMap<string, readonly string[]> {
  const folded = new Map<string, string[]>();
  for (const [key, value] of tags) {
    const one = foldCase(key);
    const values = folded.get(one);
    if (values === undefined) folded.set(one, [value]);
    else values.push(value);
  }
  return folded;
}

const carries = (action: ActionName, key: CarriedKey): boolean => actionNamed(action).carries.includes(key);
