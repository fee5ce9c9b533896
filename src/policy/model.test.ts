import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Asked,
  type Conditions,
  type Documents,
  decideNaively,
  type Statement,
  type Values,
} from '../../test/support/naive-policy.ts';
import { tries } from '../../test/support/tries.ts';
import type { ActionName } from './actions.ts';
import { type CompiledPolicy, compilePolicy } from './compile.ts';
import { type ContextValue, type Principal, UNKNOWN } from './context.ts';
import { evaluate } from './evaluate.ts';

/** S-50, S-54: random policies and requests, decided by the engine and by a plain model. They must agree. */
const RUNS = tries(500);
const TIMEOUT_MS = 60_000;

const OWN = '111122223333';
const OTHER = '444455556666';
const VAULT = `arn:aws:glacier:us-east-1:${OWN}:vaults/bob-deeds`;
const BOB = `$\{aws:username}`;
const IDS = `$\{aws:userid, 'none'}`;
const TEAM = `$\{aws:principaltag/team}`;

const some = <Value>(values: readonly Value[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });
const iam = (accountId: string, name: string): string => `arn:aws:iam::${accountId}:${name}`;
const session = (accountId: string): string => `arn:aws:sts::${accountId}:assumed-role/auditor/night`;

const actions = some([
  '*',
  'glacier:*',
  'GLACIER:delete*',
  'glacier:Delete?rchive',
  'glacier:InitiateJob',
  'glacier:*Vault*',
]);
const resources = some([
  '*',
  VAULT,
  VAULT.replace('deeds', '*'),
  VAULT.replace('bob', BOB),
  VAULT.replace('bob', IDS),
  VAULT.replace('bob', TEAM),
  `${VAULT}2`,
]);
const principals = some([
  ...['*', OWN, OTHER, iam(OWN, 'user/bob'), iam(OTHER, 'user/bob')],
  ...[iam(OWN, 'role/auditor'), session(OWN), session(OTHER), iam(OTHER, 'role/auditor')],
]);
const tests: [string[], string[], string[]][] = [
  [['NumericLessThan', 'NumericEquals', 'NumericNotEquals'], ['glacier:ArchiveAgeInDays'], ['1', '365']],
  [
    ['StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike', 'StringEqualsIgnoreCase'],
    ['aws:userid', 'AWS:UserName', 'glacier:ResourceTag/Team', 'aws:PrincipalTag/team'],
    ['bob', 'b*', 'BOB', '', BOB, IDS, TEAM],
  ],
  [['StringEquals', 'StringNotLike'], ['aws:TagKeys'], ['a', 'b', '*', '?']],
  [['Bool'], ['aws:SecureTransport', 'aws:MultiFactorAuthPresent'], ['true', 'false']],
  [['DateLessThan', 'DateNotEquals'], ['aws:CurrentTime'], ['2026-05-05', '2027']],
  [['IpAddress', 'NotIpAddress'], ['aws:SourceIp'], ['203.0.113.0/24', '192.0.2.0/24']],
  [['ArnLike', 'ArnNotEquals'], ['aws:PrincipalArn'], [iam('*', 'user/*'), iam(OWN, 'r*'), iam(OTHER, '*')]],
];
const conditions: fc.Arbitrary<Conditions> = fc
  .constantFrom(...tests)
  .chain(([operators, keys, texts]) =>
    fc
      .tuple(
        fc.constantFrom('', 'ForAllValues:', 'ForAnyValue:'),
        fc.constantFrom(...operators, 'Null'),
        fc.constantFrom('', 'IfExists'),
        fc.constantFrom(...keys),
        some(texts),
        some(['true', 'false']),
      )
      .map(([over, operator, ifExists, key, found, flags]) =>
        operator === 'Null' ? { Null: { [key]: flags } } : { [`${over}${operator}${ifExists}`]: { [key]: found } },
      ),
  );

const statements = (ofVault: boolean): fc.Arbitrary<Statement[]> => {
  const one = fc
    .record({
      effect: fc.constantFrom('Allow', 'Allow', 'Deny'),
      actions,
      resources,
      principals,
      tests: fc.oneof(fc.constant([]), fc.array(conditions, { minLength: 1, maxLength: 2 })),
      turned: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    })
    .map((drawn): Statement => {
      const [action, resource, principal] = drawn.turned.map((turned) => (turned ? 'Not' : ''));
      const turnable = drawn.effect === 'Deny' && !drawn.principals.includes('*') ? principal : '';
      const Condition = Object.assign({}, ...drawn.tests) as Conditions;
      const cover = ofVault
        ? { Resource: [VAULT] }
        : { [`${drawn.resources.includes('*') ? '' : resource}Resource`]: drawn.resources };
      const whom = ofVault ? { [`${turnable}Principal`]: drawn.principals } : {};
      const verb = drawn.actions.some((text) => /^(\*|glacier:\*)$/.test(text)) ? '' : action;
      return { Effect: drawn.effect as 'Allow', [`${verb}Action`]: drawn.actions, ...cover, ...whom, Condition };
    });
  return fc.array(one, { maxLength: 2 });
};
const documents: fc.Arbitrary<Documents> = fc.record({
  identity: statements(false),
  session: fc.oneof(fc.constant(undefined), fc.constant(undefined), statements(false)),
  access: statements(true),
  lock: statements(true),
});

const principal = fc
  .tuple(fc.constantFrom(OWN, OTHER), fc.constantFrom('root', 'user', 'assumed-role'))
  .map(([accountId, type]): Principal => {
    if (type === 'root') return { type, accountId, arn: iam(accountId, 'root'), userId: accountId };
    if (type === 'user')
      return { type, accountId, arn: iam(accountId, 'user/bob'), userId: 'AIDABOB', userName: 'bob' };
    const issuerArn = iam(accountId, 'role/auditor');
    return { type: 'assumed-role', accountId, arn: session(accountId), issuerArn, userId: 'AROA:night' };
  });
const drawn = (...values: (ContextValue | undefined)[]) => fc.constantFrom<ContextValue | undefined>(...values);
const asked: fc.Arbitrary<Asked> = fc.record({
  action: fc.constantFrom<ActionName>('DeleteArchive', 'InitiateJob', 'DescribeVault', 'AddTagsToVault', 'CreateVault'),
  resource: fc.constantFrom(VAULT, VAULT, VAULT, `${VAULT}2`),
  principal,
  resourceAccountId: fc.constant(OWN),
  values: fc
    .record({
      'aws:username': drawn('bob', 'b', '', undefined, UNKNOWN),
      'aws:userid': drawn('bob', 'b', '', undefined, UNKNOWN),
      'aws:securetransport': drawn('true', 'false', undefined),
      'aws:multifactorauthpresent': drawn('true', 'false', undefined),
      'aws:tagkeys': drawn([], ['a'], ['a', 'b'], ['', 'c'], [''], undefined),
      'aws:principaltag/team': drawn(['bob'], ['law'], ['bob', 'law'], undefined, UNKNOWN),
      'glacier:resourcetag/team': drawn(['bob'], ['Bob', 'bob'], ['law', 'bob'], [''], undefined, UNKNOWN),
      'aws:currenttime': drawn('2026-05-05T00:00:00.000Z', '2026-12-31T00:00:00.000Z', 'soon'),
      'aws:sourceip': drawn('203.0.113.9', '192.0.2.1', '198.51.100.1', 'unix', undefined),
      'aws:principalarn': drawn(iam(OWN, 'user/bob'), iam(OTHER, 'role/auditor'), iam(OWN, 'root'), 'bob'),
      'glacier:archiveageindays': drawn('0', '1', '365', 'x', UNKNOWN, undefined),
    })
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Values),
});

/** The engine's documents write principals in their own way. */
function compiled(kind: keyof Documents, found: Statement[] | undefined): CompiledPolicy | undefined {
  if (found === undefined || found.length === 0) return undefined;
  const written = found.map(({ Principal, NotPrincipal, ...rest }) => ({
    ...rest,
    ...(Principal && { Principal: { AWS: Principal } }),
    ...(NotPrincipal && { NotPrincipal: { AWS: NotPrincipal } }),
  }));
  const document = JSON.stringify({ Version: '2012-10-17', Statement: written });
  const owner = kind === 'access' || kind === 'lock' ? { kind, vaultArn: VAULT } : ({ kind: 'identity' } as const);
  return compilePolicy(document, owner);
}

/** An empty list allows nothing, which no document can say. */
const NOTHING = compilePolicy(
  JSON.stringify({ Statement: { Effect: 'Allow', Action: '*', Resource: VAULT.replace('bob', 'nobody') } }),
  { kind: 'identity' },
);

/** Undefined where documents test keys that no action of theirs carries. */
function compiledAll({ identity, session, access, lock }: Documents) {
  try {
    const [mine, narrowing] = [compiled('identity', identity), compiled('session', session)];
    return {
      identity: mine === undefined ? [] : [mine],
      session: session === undefined ? [] : [narrowing ?? NOTHING],
      access: compiled('access', access),
      lock: compiled('lock', lock),
    };
  } catch (error) {
    expect((error as Error).message).toMatch(/has no value in requests for these actions/);
    return undefined;
  }
}

test(
  'S-50 the engine decides as the model does',
  () => {
    const seen: Record<string, number> = {};
    const note = (what: string): void => {
      seen[what] = (seen[what] ?? 0) + 1;
    };
    fc.assert(
      fc.property(asked, documents, (request, found) => {
        const policies = compiledAll(found);
        fc.pre(policies !== undefined);
        const { values, ...rest } = request;
        const decision = evaluate({ ...rest, context: new Map(Object.entries(values)) }, policies);
        expect(decision.reason).toBe(decideNaively(request, found, VAULT));
        expect(decision.allowed).toBe(decision.reason === 'allow');
        note(decision.reason);
        note(`${decision.reason} by ${decision.statement?.policy}`);
        if (decision.statement?.undecided) note('undecided');
        if (rest.principal.accountId === OTHER) note(`${decision.reason} across accounts`);
      }),
      { numRuns: RUNS },
    );
    for (const reason of ['allow', 'no-allow', 'explicit-deny']) expect(seen[reason]).toBeGreaterThan(RUNS / 20);
    const kinds = ['identity', 'access', 'lock', 'session'].map((kind) => `explicit-deny by ${kind}`);
    const others = ['allow by identity', 'allow by access', 'allow by lock', 'allow across accounts', 'undecided'];
    for (const what of [...kinds, ...others]) expect(seen[what] ?? 0, what).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);
