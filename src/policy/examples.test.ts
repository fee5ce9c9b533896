import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ActionName, resourceArn } from './actions.ts';
import { compilePolicy } from './compile.ts';
import { type Principal, type RequestFacts, requestContext, type Tags, UNKNOWN } from './context.ts';
import { evaluate, type Policies } from './evaluate.ts';

/**
 * The example policies of the Glacier developer guide and of the IAM user guide (with names and numbers of our own, and
 * those of other services retold for vaults), each with what it must answer. S-51 to S-54.
 */
interface Ask {
  as: keyof typeof PRINCIPALS;
  action: ActionName;
  is: 'allow' | 'no-allow' | 'explicit-deny';
  /** The principal's own policies allow everything as well. */
  may?: boolean;
  vault?: string;
  region?: string;
  now?: string;
  ip?: string;
  secure?: boolean;
  userAgent?: string;
  referer?: string;
  ageDays?: number | 'unknown';
  tags?: Record<string, string> | 'unknown';
  requestTags?: Record<string, string>;
  tagKeys?: string[];
  tokenSecondsAgo?: number;
  mfaSecondsAgo?: number;
}

interface Example {
  name: string;
  kind: 'identity' | 'access' | 'lock';
  document: unknown;
  /** Set at the same time. */
  others?: { identity?: unknown[]; session?: unknown[] };
  asks: Ask[];
}

const OWN = '111122223333';
const PARTNER = '444455556666';
const VAULT = `arn:aws:glacier:us-west-2:${OWN}:vaults/deeds`;

const root = (accountId: string): Principal => ({
  type: 'root',
  accountId,
  arn: `arn:aws:iam::${accountId}:root`,
  userId: accountId,
});
const user = (accountId: string, userName: string, tags?: Tags): Principal => ({
  type: 'user',
  accountId,
  arn: `arn:aws:iam::${accountId}:user/${userName}`,
  userId: `AIDA${userName.toUpperCase()}`,
  userName,
  ...(tags && { tags }),
});
const session = (name: string): Principal => ({
  type: 'assumed-role',
  accountId: OWN,
  arn: `arn:aws:sts::${OWN}:assumed-role/auditor/${name}`,
  issuerArn: `arn:aws:iam::${OWN}:role/auditor`,
  userId: `AROAAUDITOR:${name}`,
});

const PRINCIPALS = {
  root: root(OWN),
  bob: user(OWN, 'bob', new Map([['Department', 'law']])),
  carol: user(OWN, 'carol'),
  role: session('night'),
  otherSession: session('day'),
  federated: {
    type: 'federated-user',
    accountId: OWN,
    arn: `arn:aws:sts::${OWN}:federated-user/fay`,
    userId: `${OWN}:fay`,
  } satisfies Principal,
  partner: root(PARTNER),
  alice: user(PARTNER, 'alice'),
  stranger: root('777788889999'),
  nobody: { ...root(''), arn: '*' },
};

const everything = compilePolicy(JSON.stringify({ Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }), {
  kind: 'identity',
});

function factsOf(ask: Ask): RequestFacts {
  const nowMs = Date.parse(ask.now ?? '2026-05-05T05:05:05Z');
  const ago = ask.mfaSecondsAgo ?? ask.tokenSecondsAgo;
  const atMs = nowMs - (ago ?? 0) * 1000;
  const tagsOf = (tags: Ask['tags']): Tags => (tags === 'unknown' ? UNKNOWN : new Map(Object.entries(tags ?? {})));
  return {
    action: ask.action,
    principal: PRINCIPALS[ask.as],
    resourceAccountId: OWN,
    region: ask.region ?? 'us-west-2',
    nowMs,
    secureTransport: ask.secure ?? true,
    resourceTags: tagsOf(ask.tags),
    requestTags: tagsOf(ask.requestTags),
    ...(ask.ip && { sourceIp: ask.ip }),
    ...(ask.userAgent && { userAgent: ask.userAgent }),
    ...(ask.referer && { referer: ask.referer }),
    ...(ask.tagKeys && { tagKeys: ask.tagKeys }),
    ...(ask.ageDays !== undefined && { archiveAgeInDays: ask.ageDays === 'unknown' ? UNKNOWN : ask.ageDays }),
    ...(ago !== undefined && {
      token: { issuedAtMs: atMs, ...(ask.mfaSecondsAgo !== undefined && { mfaAtMs: atMs }) },
    }),
  };
}

const FIXTURE = join(import.meta.dirname, '../../test/fixtures/policy-examples.json');
const examples = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Example[];

describe.each(examples)('$name', ({ kind, document, others = {}, asks }) => {
  const owner = kind === 'identity' ? { kind } : { kind, vaultArn: VAULT };
  const policy = compilePolicy(JSON.stringify(document), owner);
  const compiled = (found: unknown[] = []) =>
    found.map((one) => compilePolicy(JSON.stringify(one), { kind: 'identity' }));

  test.each(asks)('$as: $action is $is', (ask) => {
    const facts = factsOf(ask);
    const { action, principal, region, resourceAccountId } = facts;
    const own = [...(ask.may ? [everything] : []), ...(kind === 'identity' ? [policy] : [])];
    const identity = [...own, ...compiled(others.identity)];
    const session = compiled(others.session);
    const policies: Policies = { identity, session, ...(kind !== 'identity' && { [kind]: policy }) };
    const resource = resourceArn(action, { region, accountId: OWN, vaultName: ask.vault ?? 'deeds' });
    const decision = evaluate(
      { action, resource, principal, resourceAccountId, context: requestContext(facts) },
      policies,
    );
    expect(decision.reason).toBe(ask.is);
    expect(decision.allowed).toBe(ask.is === 'allow');
  });
});
