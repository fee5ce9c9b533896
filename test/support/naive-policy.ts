import { ACTIONS, type ActionName } from '../../src/policy/actions.ts';
import { type ContextValue, type Principal, UNKNOWN } from '../../src/policy/context.ts';

/**
 * A model of the policy language that is as plain as can be: it reads the documents anew for every question, loops over
 * everything and matches with regular expressions. The engine is held against it.
 */
export type Conditions = Record<string, Record<string, string[]>>;
export type Values = Record<string, ContextValue>;
type Element = 'Action' | 'NotAction' | 'Resource' | 'NotResource' | 'Principal' | 'NotPrincipal';
export type Statement = { Effect: 'Allow' | 'Deny'; Condition?: Conditions } & { [name in Element]?: string[] };
export interface Asked {
  action: ActionName;
  resource: string;
  principal: Principal;
  resourceAccountId: string;
  values: Values;
}

/** Statements of documents; `session` is absent where the credentials are no session's. */
export interface Documents {
  identity: Statement[];
  session: Statement[] | undefined;
  access: Statement[];
  lock: Statement[];
}
type Kind = keyof Documents;
const KINDS: Kind[] = ['identity', 'session', 'access', 'lock'];

type Answer = 'yes' | 'no' | 'maybe';
const all = (answers: Answer[]): Answer =>
  answers.includes('no') ? 'no' : answers.includes('maybe') ? 'maybe' : 'yes';
const opposite = (answer: Answer): Answer => (answer === 'yes' ? 'no' : answer === 'no' ? 'yes' : 'maybe');
const any = (answers: Answer[]): Answer => opposite(all(answers.map(opposite)));
const is = (holds: boolean): Answer => (holds ? 'yes' : 'no');

const VARIABLE_OR_CHARACTER = /\$\{(aws:[\w/]+)(?:, '(\w*)')?\}|[\s\S]/g;

/** Values that are put in for variables hold letters and digits only here, so they need no care. */
function like(pattern: string, text: string, { values, wild }: { values: Values; wild: boolean }): Answer {
  let open = false;
  const source = pattern.replaceAll(VARIABLE_OR_CHARACTER, (mark, key?: string, otherwise?: string) => {
    if (key === undefined) {
      if (wild && mark === '*') return '[^]*';
      return wild && mark === '?' ? '[^]' : `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`;
    }
    const found = values[key] === UNKNOWN ? [] : [values[key] ?? otherwise ?? []].flat();
    open ||= found.length !== 1;
    return found.length === 1 ? String(found[0]) : '[^]*';
  });
  if (!new RegExp(`^(?:${source})$`).test(text)) return 'no';
  return open ? 'maybe' : 'yes';
}

const lower = (values: Values): Values =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, typeof value === 'string' ? value.toLowerCase() : value]),
  );

function compare(operator: string, wanted: string, { value, values }: { value: string; values: Values }): Answer {
  if (operator === 'StringEqualsIgnoreCase') {
    return like(wanted.toLowerCase(), value.toLowerCase(), { values: lower(values), wild: false });
  }
  if (operator.startsWith('String')) return like(wanted, value, { values, wild: operator.endsWith('Like') });
  if (operator === 'Bool') return ['true', 'false'].includes(value) ? is(value === wanted) : 'maybe';
  if (operator === 'IpAddress')
    return /^[\d.]+$/.test(value) ? is(value.startsWith(wanted.replace('0/24', ''))) : 'maybe';
  if (operator.startsWith('Arn')) {
    if (!value.startsWith('arn:')) return 'maybe';
    const fields = value.split(':');
    return all(wanted.split(':').map((field, index) => like(field, fields[index] ?? '', { values: {}, wild: true })));
  }
  const numeric = operator.startsWith('Numeric');
  if (!(numeric ? /^\d+$/ : /^\d+-.*Z$/).test(value)) return 'maybe';
  const [found, bound] = [value, wanted].map((text) => (numeric ? Number(text) : Date.parse(text))) as [number, number];
  return is(operator.endsWith('LessThan') ? found < bound : found === bound);
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

const ofVault = (kind: Kind): boolean => kind === 'access' || kind === 'lock';

function covers(statement: Statement, { kind, asked, vault }: { kind: Kind; asked: Asked; vault: string }): Answer {
  if (ofVault(kind)) return asked.resource === vault ? 'yes' : 'maybe';
  const covering = (patterns: string[]): Answer =>
    any(patterns.map((text) => like(text, asked.resource, { values: asked.values, wild: true })));
  return statement.Resource ? covering(statement.Resource) : opposite(covering(statement.NotResource ?? []));
}

/** The names that a principal goes by, its account's aside. */
const namesOf = ({ arn, issuerArn, accountId, type }: Principal): (string | undefined)[] => [
  arn,
  issuerArn,
  type === 'root' ? accountId : undefined,
];

function means(statement: Statement, { kind, principal }: { kind: Kind; principal: Principal }): boolean {
  if (!ofVault(kind)) return true;
  const { arn, accountId, type } = principal;
  const spared = (name: string): boolean => name === arn || (type === 'root' && name === accountId);
  if (statement.NotPrincipal) return !statement.NotPrincipal.some(spared);
  return ['*', accountId, ...namesOf(principal)].some((name) => statement.Principal?.includes(name ?? ''));
}

function meets(statement: Statement, asking: { kind: Kind; asked: Asked; vault: string }): Answer {
  const { kind, asked } = asking;
  if (ofVault(kind) && !ACTIONS[asked.action].inVaultPolicies) return 'no';
  const speaks = statement.Action
    ? named(statement.Action, asked.action)
    : !named(statement.NotAction ?? [], asked.action);
  const tests = Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, wanted]) => condition(operator, key, { wanted, values: asked.values })),
  );
  return all([
    is(speaks),
    covers(statement, asking),
    is(means(statement, { kind, principal: asked.principal })),
    ...tests,
  ]);
}

/** What the documents decide for a request; `vault` is the ARN that the vault's own are attached to. */
export function decideNaively(asked: Asked, documents: Documents, vault: string): string {
  const { principal, resourceAccountId, action } = asked;
  const met = (kind: Kind, effect: string, answers: Answer[]): Statement[] =>
    (documents[kind] ?? []).filter(
      (statement) => statement.Effect === effect && answers.includes(meets(statement, { kind, asked, vault })),
    );
  if (KINDS.some((kind) => met(kind, 'Deny', ['yes', 'maybe']).length > 0)) return 'explicit-deny';
  if (documents.session !== undefined && met('session', 'Allow', ['yes']).length === 0) return 'no-allow';
  const own = principal.type === 'root' || met('identity', 'Allow', ['yes']).length > 0;
  const granting = [...met('access', 'Allow', ['yes']), ...met('lock', 'Allow', ['yes'])];
  const direct = granting.some(({ Principal }) =>
    ['*', ...namesOf(principal)].some((name) => Principal?.includes(name ?? '')),
  );
  const same = principal.accountId === resourceAccountId;
  const may = same ? own || direct : own && granting.length > 0 && !ACTIONS[action].ownAccountOnly;
  return may ? 'allow' : 'no-allow';
}
