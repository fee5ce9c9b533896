import { invalidParameter } from '../model/errors.ts';
import { KIB, limits } from '../model/limits.ts';
import { ACTION_NAMES, type ActionName, type CarriedKey } from './actions.ts';
import { kindOf, objectOf, refuseStrangers } from './elements.ts';
import { PolicyFault, shown } from './fault.ts';
import { type JsonObject, parseJson } from './json.ts';
import { findKey } from './keys.ts';
import { ITSELF } from './principals.ts';
import { type PolicyOwner, readStatement, type Statement } from './statement.ts';
import { YES } from './truth.ts';

/**
 * A policy document, read once and turned into closures. What is refused here, and how, is the product's answer to the
 * one sentence with which Amazon refuses every lock policy ("Provide a valid policy"): the first fault and its place.
 */
export interface CompiledPolicy {
  readonly kind: PolicyOwner['kind'];
  /** By action, so that a decision looks at the statements that speak of it and no others. */
  readonly denies: ReadonlyMap<ActionName, readonly Statement[]>;
  readonly allows: ReadonlyMap<ActionName, readonly Statement[]>;
  /** Lower-case names of all condition keys that it may ask a request for; what is not here need not be known. */
  readonly lookups: ReadonlySet<string>;
  /** Those among them that have to be fetched: the vault's tags, the archive's age. */
  readonly carried: ReadonlySet<CarriedKey>;
  /** The users, roles and sessions that it names, for whoever knows which of them exist. */
  readonly principalArns: ReadonlySet<string>;
  /** What it takes of memory, about; a document of many short patterns takes a hundred times its text. */
  readonly weightBytes: number;
}

const VERSIONS = ['2012-10-17', '2008-10-17'];
const WITH_VARIABLES = '2012-10-17';
const ELEMENTS = ['Version', 'Id', 'Statement'];
const NAMES = { identity: 'identity policy', access: 'vault access policy', lock: 'vault lock policy' } as const;

/**
 * Reads and compiles a document. InvalidParameterValueException when it is not one that can be enforced; the message names
 * the policy, the place and the fault.
 */
export function compilePolicy(text: string, owner: PolicyOwner): CompiledPolicy {
  try {
    return compiled(owner.kind, { statements: readDocument(text, owner), text });
  } catch (error) {
    if (!(error instanceof PolicyFault)) throw error;
    throw invalidParameter(`The specified ${NAMES[owner.kind]} is invalid. ${error.message}`);
  }
}

function readDocument(text: string, owner: PolicyOwner): Statement[] {
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.policyBytesMax) {
    throw new PolicyFault('Document', `${bytes} bytes are more than the ${limits.policyBytesMax} allowed.`);
  }
  const members = objectOf(parseJson(text), 'Document');
  refuseStrangers(members, ELEMENTS, 'Document');
  const variables = readVersion(members) === WITH_VARIABLES;
  checkId(members, owner);
  const value = members.get('Statement');
  if (value === undefined) throw new PolicyFault('Document', 'has no Statement.');
  const statements = Array.isArray(value) ? value : [value];
  if (statements.length === 0) throw new PolicyFault('Statement', 'the list is empty.');
  const read = statements.map((statement, index) => readStatement(statement, { owner, number: index + 1, variables }));
  refuseSharedSids(read);
  return read;
}

/** A document without a version is of the older one. */
function readVersion(members: JsonObject): string {
  const version = members.get('Version');
  if (version === undefined) return '2008-10-17';
  if (typeof version === 'string' && VERSIONS.includes(version)) return version;
  throw new PolicyFault(
    'Version',
    `must be ${VERSIONS.map((known) => `"${known}"`).join(' or ')}, but ${kindOf(version)}.`,
  );
}

function checkId(members: JsonObject, owner: PolicyOwner): void {
  const id = members.get('Id');
  if (id === undefined) return;
  if (owner.kind === 'identity') throw new PolicyFault('Id', 'is not for identity policies.');
  if (typeof id !== 'string') throw new PolicyFault('Id', `must be a string, but ${kindOf(id)}.`);
}

function refuseSharedSids(statements: readonly Statement[]): void {
  const seen = new Map<string, number>();
  for (const { sid, number } of statements) {
    if (sid === undefined || sid === '') continue;
    const earlier = seen.get(sid);
    if (earlier !== undefined) {
      throw new PolicyFault(`Statement ${number}, Sid`, `${shown(sid)} is already that of Statement ${earlier}.`);
    }
    seen.set(sid, number);
  }
}

/** Measured: a statement with its sets, and a pattern that is an ARN, the heaviest kind. */
const STATEMENT_BYTES = 4 * KIB;
const PATTERN_BYTES = 1.5 * KIB;

function compiled(
  kind: PolicyOwner['kind'],
  { statements, text }: { statements: readonly Statement[]; text: string },
): CompiledPolicy {
  const lookups = new Set(statements.flatMap((statement) => statement.lookups));
  const byAction = (effect: Statement['effect']): ReadonlyMap<ActionName, readonly Statement[]> => {
    const ours = statements.filter((statement) => statement.effect === effect);
    const found = ACTION_NAMES.map((action) => [action, ours.filter(({ actions }) => actions.has(action))] as const);
    return new Map(found.filter(([, list]) => list.length > 0));
  };
  return Object.freeze({
    kind,
    denies: byAction('Deny'),
    allows: byAction('Allow'),
    lookups,
    carried: new Set([...lookups].flatMap((lookup) => findKey(lookup, lookup).key.carriedAs ?? [])),
    principalArns: new Set(statements.flatMap(({ principalArns }) => principalArns)),
    weightBytes: statements.reduce(
      (sum, { patterns }) => sum + STATEMENT_BYTES + patterns * PATTERN_BYTES,
      4 * text.length,
    ),
  });
}

/**
 * Stands in for a stored document that can no longer be read (a damaged row, the rules of a newer version): whoever asks,
 * and whatever for, is denied.
 */
export function unreadablePolicy(kind: PolicyOwner['kind']): CompiledPolicy {
  const wall: Statement = {
    number: 0,
    sid: undefined,
    effect: 'Deny',
    actions: new Set(ACTION_NAMES),
    names: () => ITSELF,
    principalArns: [],
    covers: () => YES,
    tests: [],
    lookups: [],
    patterns: 0,
  };
  return compiled(kind, { statements: [wall], text: '' });
}
