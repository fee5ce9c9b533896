import { limits } from '../model/limits.ts';
import type { Principal } from './context.ts';
import { textsOf } from './elements.ts';
import { anyOf, PolicyFault, shown } from './fault.ts';
import type { JsonValue } from './json.ts';

/**
 * Principal and NotPrincipal, which name who is meant. To name an account (by its number or as
 * its root) is to name everyone in it; yet such an Allow only hands the decision to that account, whose own policies must
 * grant the right to its users as well. To name a user, a role, a session or everyone grants it at once.
 */

/** How a principal is named: not at all, with its whole account, or itself. */
export const UNNAMED = 0;
export const BY_ACCOUNT = 1;
export const ITSELF = 2;
export type Naming = typeof UNNAMED | typeof BY_ACCOUNT | typeof ITSELF;

export type PrincipalTest = (principal: Principal) => Naming;

export interface Principals {
  names: PrincipalTest;
  /** The users, roles and sessions that are named. */
  arns: readonly string[];
}

/** The statements of an identity policy mean whom the policy is attached to. */
export const EVERYONE: Principals = { names: () => ITSELF, arns: [] };

export const ACCOUNT_ID = /^\d{12}$/;
const ACCOUNT_ROOT = /^arn:aws:iam::(\d{12}):root$/;
const NAME = '[A-Za-z0-9_+=,.@-]+';
const NAMED = new RegExp(
  `^arn:aws:(?:iam::\\d{12}:(?:user|role)/(?:[\\x21-\\x7e]{1,512}/)?${NAME}` +
    `|sts::\\d{12}:(?:assumed-role/${NAME}/${NAME}|federated-user/${NAME}))$`,
);
const GROUP = /^arn:aws:iam::\d{12}:group\//;
const OTHER_KINDS = ['Federated', 'Service', 'CanonicalUser'];

interface Named {
  everyone: boolean;
  accounts: Set<string>;
  arns: Set<string>;
}

/** Reads Principal. PolicyFault for what names nobody that could ask here. */
export function readPrincipal(value: JsonValue, place: string): Principals {
  const { everyone, accounts, arns } = readNamed(value, place);
  if (everyone) return EVERYONE;
  const names: PrincipalTest = ({ type, accountId, arn, issuerArn }) => {
    if (arns.has(arn) || (issuerArn !== undefined && arns.has(issuerArn))) return ITSELF;
    if (!accounts.has(accountId)) return UNNAMED;
    return type === 'root' ? ITSELF : BY_ACCOUNT;
  };
  return { names, arns: [...arns] };
}

/**
 * Reads NotPrincipal, which means everyone but exactly those listed: an account listed excepts its root alone, and a role
 * listed does not except its sessions. (Amazon asks for user and account, or session, role and account, to be listed.)
 */
export function readNotPrincipal(value: JsonValue, place: string): Principals {
  const { everyone, accounts, arns } = readNamed(value, place);
  if (everyone) throw new PolicyFault(place, 'a star leaves nobody for the statement.');
  const names: PrincipalTest = ({ type, accountId, arn }) =>
    arns.has(arn) || (type === 'root' && accounts.has(accountId)) ? UNNAMED : ITSELF;
  return { names, arns: [...arns] };
}

function readNamed(value: JsonValue, place: string): Named {
  const named: Named = { everyone: false, accounts: new Set(), arns: new Set() };
  if (value === '*') return { ...named, everyone: true };
  if (!(value instanceof Map)) {
    throw new PolicyFault(place, 'must be "*" or an object such as {"AWS": "111122223333"}.');
  }
  const stray = [...value.keys()].find((kind) => kind !== 'AWS');
  if (stray !== undefined) {
    const hint = OTHER_KINDS.includes(stray) ? ', since nothing else can sign requests here' : '';
    throw new PolicyFault(place, `only AWS principals are known, not ${shown(stray)}${hint}.`);
  }
  for (const text of textsOf(value.get('AWS'), `${place}, AWS`)) {
    const account = ACCOUNT_ROOT.exec(text)?.[1] ?? (ACCOUNT_ID.test(text) ? text : undefined);
    if (text === '*') named.everyone = true;
    else if (account !== undefined) named.accounts.add(account);
    else if (isArnOfOne(text)) named.arns.add(text);
    else throw new PolicyFault(place, notAPrincipal(text));
  }
  return named;
}

const isArnOfOne = (text: string): boolean =>
  text.length <= limits.principalArnLengthMax && NAMED.test(text) && !text.includes('*') && !text.includes('?');

function notAPrincipal(text: string): string {
  if (GROUP.test(text)) return `${shown(text)} is a group, which cannot ask for anything; name its users.`;
  if (text.includes('*') || text.includes('?')) {
    return `${shown(text)} holds a wildcard; only "*" alone stands for several principals.`;
  }
  const forms = anyOf(['"*"', 'a number of twelve digits', 'the ARN of a root, a user, a role or a session']);
  return `${shown(text)} is no principal; it must be ${forms}.`;
}
