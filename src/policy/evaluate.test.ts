import { describe, expect, test } from 'vitest';
import { PolicyCache } from './cache.ts';
import { type CompiledPolicy, compilePolicy, unreadablePolicy } from './compile.ts';
import { type Principal, UNKNOWN } from './context.ts';
import { type Decision, evaluate, type Policies, type Request } from './evaluate.ts';

const OWN = '111122223333';
const OTHER = '444455556666';
const VAULT = `arn:aws:glacier:us-east-1:${OWN}:vaults/deeds`;

const root = (accountId: string): Principal => ({
  type: 'root',
  accountId,
  arn: `arn:aws:iam::${accountId}:root`,
  userId: accountId,
});
const bob = (accountId: string): Principal => ({
  type: 'user',
  accountId,
  arn: `arn:aws:iam::${accountId}:user/bob`,
  userId: 'AIDABOB',
  userName: 'bob',
});

type Kind = 'identity' | 'access' | 'lock';
function policy(kind: Kind, ...statements: object[]): CompiledPolicy {
  const common =
    kind === 'identity' ? { Action: '*', Resource: '*' } : { Principal: '*', Action: '*', Resource: VAULT };
  const text = JSON.stringify({ Statement: statements.map((found) => ({ ...common, ...found })) });
  return compilePolicy(text, kind === 'identity' ? { kind } : { kind, vaultArn: VAULT });
}

const allow = { Effect: 'Allow' };
const deny = { Effect: 'Deny' };

function decide(principal: Principal, policies: Partial<Policies>, change: Partial<Request> = {}): Decision {
  const request: Request = {
    action: 'DeleteArchive',
    resource: VAULT,
    principal,
    resourceAccountId: OWN,
    context: new Map(),
    ...change,
  };
  return evaluate(request, { identity: [], ...policies });
}

describe('S-50 any Deny wins', () => {
  const kinds = ['identity', 'access', 'lock'] as const;
  const together = kinds.flatMap((denying) => [false, true].map((first) => [denying, first] as const));

  test.each(together)('a Deny in the %s policy, before its Allow: %s', (denying, first) => {
    const made = kinds.map((kind) => {
      const order = first ? [deny, allow] : [allow, deny];
      return [kind, policy(kind, ...(kind === denying ? order : [allow]))] as const;
    });
    const { identity, access, lock } = Object.fromEntries(made) as Record<Kind, CompiledPolicy>;
    for (const principal of [root(OWN), bob(OWN), root(OTHER), bob(OTHER)]) {
      expect(decide(principal, { identity: [identity], access, lock })).toEqual({
        allowed: false,
        reason: 'explicit-deny',
        statement: { policy: denying, number: first ? 1 : 2 },
      });
    }
  });

  test('among several identity policies, in any order', () => {
    const [yes, no] = [policy('identity', allow), policy('identity', deny)];
    expect(decide(bob(OWN), { identity: [yes, no] }).reason).toBe('explicit-deny');
    expect(decide(bob(OWN), { identity: [no, yes] }).reason).toBe('explicit-deny');
  });
});

describe('within one account', () => {
  test('root may do what nothing denies', () => {
    expect(decide(root(OWN), {})).toEqual({ allowed: true, reason: 'allow' });
    expect(decide(root(OWN), { lock: policy('lock', deny) }).allowed).toBe(false);
  });

  test('a user needs an Allow of either kind', () => {
    expect(decide(bob(OWN), {})).toEqual({ allowed: false, reason: 'no-allow' });
    expect(decide(bob(OWN), { identity: [policy('identity', allow)] }).allowed).toBe(true);
    expect(decide(bob(OWN), { access: policy('access', allow) }).allowed).toBe(true);
    expect(decide(bob(OWN), { lock: policy('lock', allow) }).allowed).toBe(true);
  });

  test('an Allow for the account does not yet reach its users', () => {
    const access = policy('access', { ...allow, Principal: { AWS: OWN } });
    expect(decide(bob(OWN), { access }).allowed).toBe(false);
    const denying = policy('access', { ...deny, Principal: { AWS: OWN } });
    expect(decide(bob(OWN), { access: denying, identity: [policy('identity', allow)] }).reason).toBe('explicit-deny');
  });
});

describe('across accounts', () => {
  const access = policy('access', { ...allow, Sid: 'shared', Principal: { AWS: OTHER } });

  test('both sides must allow', () => {
    expect(decide(root(OTHER), {}).allowed).toBe(false);
    expect(decide(root(OTHER), { access })).toEqual({
      allowed: true,
      reason: 'allow',
      statement: { policy: 'access', number: 1, sid: 'shared' },
    });
    expect(decide(bob(OTHER), { access }).allowed).toBe(false);
    expect(decide(bob(OTHER), { identity: [policy('identity', allow)] }).allowed).toBe(false);
    expect(decide(bob(OTHER), { access, identity: [policy('identity', allow)] }).allowed).toBe(true);
  });

  test('what only the owning account may do stays with it', () => {
    expect(decide(root(OTHER), { access }, { action: 'CompleteVaultLock' }).allowed).toBe(false);
    expect(decide(root(OTHER), { access }, { action: 'CreateVault' }).allowed).toBe(false);
  });
});

describe('S-54 what cannot be evaluated', () => {
  const young = { Condition: { NumericLessThan: { 'glacier:ArchiveAgeInDays': 365 } } };
  const context = new Map([['glacier:archiveageindays', UNKNOWN] as const]);

  test('denies as a Deny and says so', () => {
    expect(decide(root(OWN), { lock: policy('lock', { ...deny, ...young }) }, { context })).toEqual({
      allowed: false,
      reason: 'explicit-deny',
      statement: { policy: 'lock', number: 1, undecided: true },
    });
  });

  test('does not allow as an Allow', () => {
    const identity = [policy('identity', { ...allow, ...young })];
    expect(decide(bob(OWN), { identity }, { context })).toEqual({ allowed: false, reason: 'no-allow' });
  });

  test('a document that cannot be read denies everything', () => {
    const decision = decide(root(OWN), { lock: unreadablePolicy('lock') }, { action: 'DescribeVault' });
    expect(decision).toEqual({ allowed: false, reason: 'explicit-deny', statement: { policy: 'lock', number: 0 } });
  });

  test('S-42 a principal without an account, or an action without a name, is allowed nothing', () => {
    const all = { identity: [policy('identity', allow)], access: policy('access', allow) };
    for (const accountId of ['', '-', '1111222233334', '１１１１２２２２３３３３', '111122223333\n']) {
      expect(decide(root(accountId), all, { resourceAccountId: accountId })).toEqual({
        allowed: false,
        reason: 'no-allow',
      });
    }
    expect(decide(root(OWN), all, { action: 'constructor' as 'ListJobs' }).allowed).toBe(false);
  });
});

describe('policies of a session', () => {
  const session = [policy('identity', { ...allow, Action: 'glacier:List*' })];

  test('narrow even root, and what a vault grants', () => {
    expect(decide(root(OWN), { session }).allowed).toBe(false);
    expect(decide(root(OWN), { session }, { action: 'ListJobs' }).allowed).toBe(true);
    expect(decide(bob(OWN), { session, access: policy('access', allow) }).allowed).toBe(false);
    expect(decide(root(OWN), { session: [policy('identity', deny)] }).statement?.policy).toBe('session');
  });

  test('grant nothing themselves', () => {
    expect(decide(bob(OWN), { session }, { action: 'ListJobs' }).allowed).toBe(false);
  });
});

describe('the cache', () => {
  const text = (action: string): string =>
    JSON.stringify({ Statement: { Effect: 'Deny', Principal: '*', Action: action, Resource: VAULT } });
  const lock = { kind: 'lock', vaultArn: VAULT } as const;

  test('compiles a text once for a vault and a kind', () => {
    const cache = new PolicyCache();
    const first = cache.compile(text('*'), lock);
    expect(cache.compile(text('*'), lock)).toBe(first);
    expect(cache.compile(text('*'), { kind: 'access', vaultArn: VAULT })).not.toBe(first);
    expect(() => cache.compile(text('*'), { kind: 'lock', vaultArn: `${VAULT}2` })).toThrow('must be the ARN');
  });

  test('forgets what was used longest ago', () => {
    const weight = compilePolicy(text('glacier:ListJobs'), lock).weightBytes;
    const cache = new PolicyCache(2.5 * weight);
    const [one, two] = ['glacier:ListJobs', 'glacier:ListParts'].map((action) => cache.compile(text(action), lock));
    cache.compile(text('glacier:ListJobs'), lock);
    cache.compile(text('glacier:ListTagsForVault'), lock);
    expect(cache.compile(text('glacier:ListJobs'), lock)).toBe(one);
    expect(cache.compile(text('glacier:ListParts'), lock)).not.toBe(two);
  });

  test('keeps fewer of the documents that weigh more', () => {
    const of = (patterns: number): CompiledPolicy =>
      policy('identity', { ...deny, Condition: { StringLike: { 'aws:userid': Array(patterns).fill('*?1*') } } });
    expect(of(2000).weightBytes).toBeGreaterThan(2000 * 1024);
    expect(of(1).weightBytes).toBeLessThan(8 * 1024);
    const cache = new PolicyCache(1);
    expect(cache.compile(text('*'), lock)).not.toBe(cache.compile(text('*'), lock));
  });
});
