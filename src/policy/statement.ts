import { ACTION_NAMES, ACTIONS, type ActionName, fullNameOf, SERVICE } from './actions.ts';
import { readCondition, type Test } from './condition.ts';
import { kindOf, objectOf, oneOf, refuseStrangers, textsOf } from './elements.ts';
import { PolicyFault, shown } from './fault.ts';
import { foldAscii } from './fold.ts';
import { compileGlob, piecesOf } from './glob.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { EVERYONE, type Principals, type PrincipalTest, readNotPrincipal, readPrincipal } from './principals.ts';
import { type Resources, type ResourceTest, readResources, readVaultResources } from './resources.ts';
import { subjectOf } from './subject.ts';
import { didYouMean } from './suggestion.ts';

/** One statement, read and compiled. */
export interface Statement {
  /** From 1, as its author counts. */
  number: number;
  sid: string | undefined;
  effect: 'Allow' | 'Deny';
  actions: ReadonlySet<ActionName>;
  names: PrincipalTest;
  /** The users, roles and sessions in Principal or NotPrincipal. */
  principalArns: readonly string[];
  covers: ResourceTest;
  tests: readonly Test[];
  /** Lower-case names of the condition keys that deciding it asks for. */
  lookups: readonly string[];
  /** How many resources and values it holds, which is what it weighs in memory. */
  patterns: number;
}

/** What a document is attached to. */
export type PolicyOwner =
  | { kind: 'identity' }
  | {
      kind: 'access' | 'lock';
      /** The ARN of the vault that the policy belongs to. */
      vaultArn: string;
    };

export interface StatementReading {
  owner: PolicyOwner;
  number: number;
  /** The document's language version knows variables. */
  variables: boolean;
}

const ELEMENTS = [
  ...['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Resource', 'NotResource'],
  'Condition',
];
const IDENTITY_SID = /^[A-Za-z0-9]*$/;
const VAULT_SID = /^[\x20-\x7e]*$/;

/** Reads a statement. PolicyFault, beginning with its number, for the first thing wrong with it. */
export function readStatement(value: JsonValue, reading: StatementReading): Statement {
  const place = `Statement ${reading.number}`;
  const members = objectOf(value, place);
  refuseStrangers(members, ELEMENTS, place);
  const sid = readSid(members, reading, place);
  const effect = readEffect(members, place);
  const { names, arns } = readNames(members, { ...reading, effect, place });
  const actions = readActions(members, reading.owner, place);
  const objects = actions.has('PutObject');
  const { test: covers, lookups, patterns } = readCover(members, { ...reading, objects }, place);
  const { variables } = reading;
  const condition = readCondition(members.get('Condition'), { place: `${place}, Condition`, variables, actions });
  return {
    number: reading.number,
    sid,
    effect,
    actions,
    names,
    principalArns: arns,
    covers,
    tests: condition.tests,
    lookups: [...lookups, ...condition.lookups],
    patterns: patterns + condition.patterns,
  };
}

function readSid(members: JsonObject, { owner }: StatementReading, place: string): string | undefined {
  const sid = members.get('Sid');
  if (sid === undefined) return undefined;
  if (typeof sid !== 'string') throw new PolicyFault(`${place}, Sid`, `must be a string, but ${kindOf(sid)}.`);
  const identity = owner.kind === 'identity';
  if (!(identity ? IDENTITY_SID : VAULT_SID).test(sid)) {
    const allowed = identity ? 'letters and digits' : 'printable ASCII characters';
    throw new PolicyFault(`${place}, Sid`, `may hold ${allowed} only, not ${shown(sid)}.`);
  }
  return sid;
}

function readEffect(members: JsonObject, place: string): 'Allow' | 'Deny' {
  const effect = members.get('Effect');
  if (effect === 'Allow' || effect === 'Deny') return effect;
  throw new PolicyFault(`${place}, Effect`, `must be "Allow" or "Deny", but ${kindOf(effect)}.`);
}

function readNames(
  members: JsonObject,
  { owner, effect, place }: StatementReading & { effect: string; place: string },
): Principals {
  if (owner.kind === 'identity') {
    const stray = ['Principal', 'NotPrincipal'].find((name) => members.has(name));
    if (stray === undefined) return EVERYONE;
    throw new PolicyFault(place, `${stray} is not for identity policies, which speak of whom they are attached to.`);
  }
  const { name, value, inverted } = oneOf(members, ['Principal', 'NotPrincipal'], place);
  if (!inverted) return readPrincipal(value, `${place}, ${name}`);
  if (effect === 'Allow') {
    throw new PolicyFault(place, 'NotPrincipal with Allow would let in everybody else; it goes with Deny only.');
  }
  return readNotPrincipal(value, `${place}, ${name}`);
}

/** Objects can only be meant where the statement speaks of an action on them. */
function readCover(
  members: JsonObject,
  { owner, variables, objects }: StatementReading & { objects: boolean },
  place: string,
): Resources {
  const { name, value, inverted } = oneOf(members, ['Resource', 'NotResource'], place);
  const texts = textsOf(value, `${place}, ${name}`);
  const here = `${place}, ${name}`;
  if (owner.kind === 'identity') return readResources(texts, { place: here, variables, inverted, objects });
  if (inverted) throw new PolicyFault(place, `NotResource cannot be used: a vault's policy speaks of that vault.`);
  return readVaultResources(texts, here, owner.vaultArn);
}

/** The actions a statement speaks of, wildcards resolved. */
function readActions(members: JsonObject, owner: PolicyOwner, place: string): ReadonlySet<ActionName> {
  const { name, value, inverted } = oneOf(members, ['Action', 'NotAction'], place);
  const here = `${place}, ${name}`;
  const inVault = owner.kind !== 'identity';
  const usable = new Set(ACTION_NAMES.filter((action) => !inVault || ACTIONS[action].inVaultPolicies));
  const named = new Set<ActionName>();
  for (const text of textsOf(value, here)) {
    const matched = actionsMatching(text, here);
    const fit = matched.filter((action) => usable.has(action));
    if (fit.length === 0) {
      throw new PolicyFault(here, `${shown(text)} can be granted by identity policies only, not by those of a vault.`);
    }
    for (const action of fit) named.add(action);
  }
  if (!inverted) return named;
  const others = [...usable].filter((action) => !named.has(action));
  if (others.length === 0) throw new PolicyFault(here, 'leaves no action for the statement.');
  return new Set(others);
}

const GLACIER = subjectOf(SERVICE);
const FULL_NAMES = ACTION_NAMES.map(fullNameOf);
const FOLDED_NAMES = ACTION_NAMES.map((action) => {
  const [service = '', name = ''] = fullNameOf(action).split(':');
  return { action, service: subjectOf(service), folded: subjectOf(name.toLowerCase()) };
});

/** Action names are case-insensitive; wildcards may stand in the service too (`*:*`). */
function actionsMatching(text: string, place: string): ActionName[] {
  if (text === '*') return [...ACTION_NAMES];
  const [service = '', name, ...more] = foldAscii(text).split(':');
  if (name === undefined) {
    const hint = didYouMean(`${SERVICE}:${text}`, FULL_NAMES);
    throw new PolicyFault(place, `${shown(text)} lacks the service before the name of the action${hint}`);
  }
  if (more.length > 0 || name === '') throw new PolicyFault(place, `${shown(text)} is not an action.`);
  const isOfService = compileGlob(piecesOf(service));
  const matches = compileGlob(piecesOf(name));
  const fitting = FOLDED_NAMES.filter((known) => isOfService(known.service) && matches(known.folded));
  const matched = fitting.map(({ action }) => action);
  if (matched.length === 0 && !isOfService(GLACIER)) {
    const hint = name.includes('*') || name.includes('?') ? '.' : didYouMean(`${SERVICE}:${name}`, FULL_NAMES);
    const ours = `those here begin with ${SERVICE}:, but for ${fullNameOf('PutObject')}`;
    throw new PolicyFault(place, `${shown(text)} is an action of another service; ${ours}${hint}`);
  }
  if (matched.length === 0)
    throw new PolicyFault(place, `the action ${shown(text)} is not known${didYouMean(text, FULL_NAMES)}`);
  return matched;
}
