import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ACTIONS, type ActionName } from './actions.ts';
import { compilePolicy } from './compile.ts';
import { type ContextValue, type Principal, UNKNOWN } from './context.ts';
import { evaluate, type Policies } from './evaluate.ts';

/**
 * S-50, S-54: random policies and requests, decided by the engine and by a model that is as plain as can be: it reads the
 * documents anew for every question, loops over everything and matches with regular expressions. They must agree.
 */
type Answer = 'yes' | 'no' | 'maybe';
type Conditions = Record<string, Record<string, string[]>>;
type Values = Record<string, ContextValue>;
type Element = 'Action' | 'NotAction' | 'Resource' | 'NotResource' | 'Principal' | 'NotPrincipal';
type Statement = { Effect: 'Allow' | 'Deny'; Condition?: Conditions } & { [name in Element]?: string[] };
type Kind = 'identity' | 'access' | 'lock';
interface Asked {
  action: ActionName;
  resource: string;
  principal: Principal;
  resourceAccountId: string;
  values: Values;
}

const RUNS = 2000;
const TIMEOUT_MS = 60_000;

const OWN = '111122223333';
const OTHER = '444455556666';
const VAULT = `arn:aws:glacier:us-east-1:${OWN}:vaults/bob-deeds`;
const BOB = `$\{aws:username}`;
const IDS = `$\{aws:userid, 'none'}`;

// The model.

const all = (answers: Answer[]): Answer =>
  answers.includes('no') ? 'no' : answers.includes('maybe') ? 'maybe' : 'yes';
const opposite = (answer: Answer): Answer => (answer === 'yes' ? 'no' : answer === 'no' ? 'yes' : 'maybe');
const any = (answers: Answer[]): Answer => opposite(all(answers.map(opposite)));
const is = (holds: boolean): Answer => (holds ? 'yes' : 'no');

function like(pattern: string, text: string, { values, wild }: { values: Values; wild: boolean }): Answer {
  let open = false;
  const source = pattern.replaceAll(
    /\$\{(aws:\w+)(?:, '(\w*)')?\}|[\s\S]/g,
    (mark, key?: string, otherwise?: string) => {
      if (key === undefined) {
        if (wild && mark === '*') return '[^]*';
        return wild && mark === '?' ? '[^]' : `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`;
      }
      const value = values[key] ?? otherwise;
      open ||= typeof value !== 'string';
      return typeof value === 'string' ? value : '[^]*';
    },
  );
  if (!new RegExp(`^(?:${source})$`).test(text)) return 'no';
  return open ? 'maybe' : 'yes';
}

function compare(operator: string, wanted: string, { value, values }: { value: string; values: Values }): Answer {
  if (operator.startsWith('String')) return like(wanted, value, { values, wild: operator.endsWith('Like') });
  if (operator === 'Bool') return ['true', 'false'].includes(value) ? is(value === wanted) : 'maybe';
  if (!/^\d+$/.test(value)) return 'maybe';
  return is(operator === 'NumericLessThan' ? Number(value) < Number(wanted) : Number(value) === Number(wanted));
}

function condition(written: string, key: string, { wanted, values }: { wanted: string[]; values: Values }): Answer {
  const value = values[key.toLowerCase()];
  const none = value === undefined || (Array.isArray(value) && value.length === 0);
  if (value === UNKNOWN) return 'maybe';
  if (written === 'Null') return is(wanted.includes(String(none)));
  const [, over = '', operator = '', ifExists] = /^(?:(For\w+):)?(\w+?)(IfExists)?$/.exec(written) ?? [];
  const negated = operator.includes('Not');
  const found = none ? [] : [value].flat();
  if (found.length === 0 || (over !== '' && found.every((one) => one === ''))) {
    return is(ifExists !== undefined || over === 'ForAllValues' || (over === '' && negated));
  }
  const each = found.map((one) => {
    const matched = any(wanted.map((text) => compare(operator.replace('Not', ''), text, { value: one, values })));
    return negated ? opposite(matched) : matched;
  });
  if (over === 'ForAllValues') return all(each);
  if (over === 'ForAnyValue') return any(each);
  return new Set(each).size === 1 ? (each[0] ?? 'maybe') : 'maybe';
}

const named = (patterns: string[], action: string): boolean =>
  patterns.some(
    (text) =>
      text === '*' || like(text.toLowerCase(), `glacier:${action}`.toLowerCase(), { values: {}, wild: true }) === 'yes',
  );

function meets(statement: Statement, { kind, asked }: { kind: Kind; asked: Asked }): Answer {
  const { action, resource, principal, values } = asked;
  if (kind !== 'identity' && !ACTIONS[action].inVaultPolicies) return 'no';
  const speaks = statement.Action ? named(statement.Action, action) : !named(statement.NotAction ?? [], action);
  const covering = (patterns: string[]): Answer =>
    any(patterns.map((text) => like(text, resource, { values, wild: true })));
  const ofVault: Answer = resource === VAULT ? 'yes' : 'maybe';
  const own = statement.Resource ? covering(statement.Resource) : opposite(covering(statement.NotResource ?? []));
  const excepted = statement.NotPrincipal?.some(
    (name) => name === principal.arn || (principal.type === 'root' && name === principal.accountId),
  );
  const meant = statement.Principal?.some((name) => ['*', principal.arn, principal.accountId].includes(name));
  const tests = Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, wanted]) => condition(operator, key, { wanted, values })),
  );
  return all([
    is(speaks),
    kind === 'identity' ? own : ofVault,
    is(kind === 'identity' || (meant ?? excepted === false)),
    ...tests,
  ]);
}

/** Whether the statement names the principal itself, and not just its account. */
const itself = ({ Principal }: Statement, { arn, accountId, type }: Principal): boolean =>
  Principal?.some((name) => name === '*' || name === arn || (type === 'root' && name === accountId)) ?? false;

function model(asked: Asked, policies: Record<Kind, Statement[]>): string {
  const { principal, resourceAccountId, action } = asked;
  const met = (kind: Kind, effect: string): [Statement, Answer][] =>
    policies[kind].filter(({ Effect }) => Effect === effect).map((found) => [found, meets(found, { kind, asked })]);
  const kinds: Kind[] = ['identity', 'access', 'lock'];
  if (kinds.some((kind) => met(kind, 'Deny').some(([, answer]) => answer !== 'no'))) return 'explicit-deny';
  const own = principal.type === 'root' || met('identity', 'Allow').some(([, answer]) => answer === 'yes');
  const vault = [...met('access', 'Allow'), ...met('lock', 'Allow')].filter(([, answer]) => answer === 'yes');
  const same = principal.accountId === resourceAccountId;
  const direct = vault.some(([statement]) => itself(statement, principal));
  const may = same ? own || direct : own && vault.length > 0 && !ACTIONS[action].ownAccountOnly;
  return may ? 'allow' : 'no-allow';
}

// What is drawn.

const some = <Value>(values: readonly Value[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });
const user = (accountId: string): string => `arn:aws:iam::${accountId}:user/bob`;
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
  `${VAULT}2`,
]);
const principals = some(['*', OWN, OTHER, user(OWN), user(OTHER)]);
const tests: [string[], string[], string[]][] = [
  [['NumericLessThan', 'NumericEquals', 'NumericNotEquals'], ['glacier:ArchiveAgeInDays'], ['1', '365']],
  [
    ['StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike'],
    ['aws:userid', 'AWS:UserName'],
    ['bob', 'b*', '', BOB, IDS],
  ],
  [['StringEquals', 'StringNotLike'], ['aws:TagKeys'], ['a', 'b', '*', '?']],
  [['Bool'], ['aws:SecureTransport', 'aws:MultiFactorAuthPresent'], ['true', 'false']],
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

const statements = (kind: Kind): fc.Arbitrary<Statement[]> => {
  const one = fc
    .record({
      effect: fc.constantFrom('Allow', 'Deny'),
      actions,
      resources,
      principals,
      tests: fc.array(conditions, { maxLength: 2 }),
      turned: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    })
    .map((drawn): Statement => {
      const [action, resource, principal] = drawn.turned.map((turned) => (turned ? 'Not' : ''));
      const turnable = drawn.effect === 'Deny' && !drawn.principals.includes('*') ? principal : '';
      const Condition = Object.assign({}, ...drawn.tests) as Conditions;
      const cover =
        kind === 'identity'
          ? { [`${drawn.resources.includes('*') ? '' : resource}Resource`]: drawn.resources }
          : { Resource: [VAULT] };
      const whom = kind === 'identity' ? {} : { [`${turnable}Principal`]: drawn.principals };
      const verb = drawn.actions.some((text) => /^(\*|glacier:\*)$/.test(text)) ? '' : action;
      return { Effect: drawn.effect as 'Allow', [`${verb}Action`]: drawn.actions, ...cover, ...whom, Condition };
    });
  return fc.array(one, { maxLength: 2 });
};

const text = fc.constantFrom<ContextValue | undefined>('bob', 'b', '', undefined, UNKNOWN);
const flag = fc.constantFrom<ContextValue | undefined>('true', 'false', undefined);
const asked: fc.Arbitrary<Asked> = fc.record({
  action: fc.constantFrom<ActionName>('DeleteArchive', 'InitiateJob', 'DescribeVault', 'AddTagsToVault', 'CreateVault'),
  resource: fc.constantFrom(VAULT, `${VAULT}2`),
  principal: fc
    .tuple(fc.constantFrom(OWN, OTHER), fc.boolean())
    .map(
      ([accountId, isRoot]): Principal =>
        isRoot
          ? { type: 'root', accountId, arn: `arn:aws:iam::${accountId}:root`, userId: accountId }
          : { type: 'user', accountId, arn: user(accountId), userId: 'AIDABOB', userName: 'bob' },
    ),
  resourceAccountId: fc.constant(OWN),
  values: fc
    .record({
      name: text,
      id: text,
      secure: flag,
      mfa: flag,
      keys: fc.constantFrom<ContextValue | undefined>([], ['a'], ['a', 'b'], ['', 'c'], [''], undefined),
      age: fc.constantFrom<ContextValue | undefined>('0', '1', '365', 'x', UNKNOWN, undefined),
    })
    .map(({ name, id, secure, mfa, keys, age }) => {
      const entries = Object.entries({
        'aws:username': name,
        'aws:userid': id,
        'aws:securetransport': secure,
        'aws:multifactorauthpresent': mfa,
        'aws:tagkeys': keys,
        'glacier:archiveageindays': age,
      });
      return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Values;
    }),
});

/** The engine's documents write principals in their own way, and cannot have keys that no action of theirs carries. */
function compiled(kind: Kind, found: Statement[]): Policies['identity'] {
  if (found.length === 0) return [];
  const written = found.map(({ Principal, NotPrincipal, ...rest }) => ({
    ...rest,
    ...(Principal && { Principal: { AWS: Principal } }),
    ...(NotPrincipal && { NotPrincipal: { AWS: NotPrincipal } }),
  }));
  const document = JSON.stringify({ Version: '2012-10-17', Statement: written });
  return [compilePolicy(document, kind === 'identity' ? { kind } : { kind, vaultArn: VAULT })];
}

test(
  'S-50 the engine decides as the model does',
  () => {
    const reasons: Record<string, number> = {};
    fc.assert(
      fc.property(
        asked,
        statements('identity'),
        statements('access'),
        statements('lock'),
        (request, identity, access, lock) => {
          let policies: Policies;
          try {
            const [mine, ofVault, locked] = [
              compiled('identity', identity),
              compiled('access', access),
              compiled('lock', lock),
            ];
            policies = { identity: mine, access: ofVault[0], lock: locked[0] };
          } catch (error) {
            expect((error as Error).message).toMatch(/has no value in requests for these actions/);
            fc.pre(false);
            return;
          }
          const { values, ...rest } = request;
          const decision = evaluate({ ...rest, context: new Map(Object.entries(values)) }, policies);
          expect(decision.reason).toBe(model(request, { identity, access, lock }));
          expect(decision.allowed).toBe(decision.reason === 'allow');
          reasons[decision.reason] = (reasons[decision.reason] ?? 0) + 1;
        },
      ),
      { numRuns: RUNS },
    );
    expect(Math.min(reasons.allow ?? 0, reasons['no-allow'] ?? 0, reasons['explicit-deny'] ?? 0)).toBeGreaterThan(
      RUNS / 20,
    );
  },
  TIMEOUT_MS,
);
