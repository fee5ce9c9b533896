import { limits } from '../model/limits.ts';
import { ACTION_NAMES, ACTIONS, type ActionName, SERVICE } from './actions.ts';
import { UNKNOWN } from './context.ts';
import { kindOf, objectOf } from './elements.ts';
import { anyOf, PolicyFault, shown } from './fault.ts';
import { foldCase } from './fold.ts';
import type { JsonValue } from './json.ts';
import { type ConditionKey, findKey } from './keys.ts';
import { parseFlag, type ValueTest } from './operator-kinds.ts';
import { findOperator, NULL_OPERATOR, type OperatorUse } from './operators.ts';
import type { Subject } from './subject.ts';
import { every, MAYBE, NO, not, some, type Truth, truth, YES } from './truth.ts';
import { type Values, wordsIn } from './values.ts';

/**
 * Condition: `{operator: {key: value or values}}`. Operators and keys must all hold; of the policy's values for a key one
 * must match (or, under a negated operator, none). A key that the request lacks fails the test, passes a negated one, and
 * passes ...IfExists and ForAllValues. Where the request holds several values and the operator does not say how they
 * count, the test is decided only if they agree.
 */
export type Test = (values: Values) => Truth;

export interface Condition {
  tests: readonly Test[];
  /** Lower-case names of the keys it asks for, those in variables included. */
  lookups: readonly string[];
  /** How many values of the policy the tests hold. */
  patterns: number;
}

/** How to read a condition. */
export interface ConditionReading {
  place: string;
  /** The document's language version knows variables. */
  variables: boolean;
  /** The actions of the statement. */
  actions: ReadonlySet<ActionName>;
}

/** Reads the element. PolicyFault for whatever could not be tested as its author means it. */
export function readCondition(value: JsonValue | undefined, reading: ConditionReading): Condition {
  const tests: Test[] = [];
  const lookups: string[] = [];
  let patterns = 0;
  if (value === undefined) return { tests, lookups, patterns };
  const seen = new Set<string>();
  for (const [name, keys] of objectOf(value, reading.place)) {
    const use = findOperator(name, reading.place);
    refuseRepetition(seen, name, reading.place);
    const place = `${reading.place}, ${name}`;
    const members = objectOf(keys, place);
    if (members.size === 0) throw new PolicyFault(place, 'names no condition key.');
    const seenKeys = new Set<string>();
    for (const [keyName, values] of members) {
      refuseRepetition(seenKeys, keyName, place);
      const read = readKey({ use, name, keyName, values, reading: { ...reading, place } });
      tests.push(read.test);
      lookups.push(...read.lookups);
      patterns += Array.isArray(values) ? values.length : 1;
    }
  }
  return { tests, lookups, patterns };
}

/** JSON knows them as two members when their case differs; to a condition they are one. */
function refuseRepetition(seen: Set<string>, name: string, place: string): void {
  const folded = foldCase(name);
  if (seen.has(folded)) throw new PolicyFault(place, `${shown(name)} appears twice, in different case.`);
  seen.add(folded);
}

function readKey({
  use,
  name,
  keyName,
  values,
  reading,
}: {
  use: OperatorUse;
  name: string;
  keyName: string;
  values: JsonValue;
  reading: ConditionReading;
}): { test: Test; lookups: readonly string[] } {
  const { key, lookup } = findKey(keyName, reading.place);
  refuseUncarried(key, reading);
  const place = `${reading.place}, ${keyName}`;
  const texts = scalarsOf(values, place);
  if (use.operator === undefined) return { test: nullTest(lookup, texts, place), lookups: [lookup] };
  if (!use.operator.tests.includes(key.type)) {
    throw new PolicyFault(reading.place, `the operator ${name} cannot test ${key.name}, which is ${KINDS[key.type]}.`);
  }
  const read = texts.map((text) => use.operator?.read(text, { place, variables: reading.variables }));
  const wanted = read.flatMap((one) => one?.test ?? []);
  const patternLength = texts.reduce((sum, { length }) => sum + length + TEST_COST_LENGTH, 0);
  const test = keyTest({ lookup, wanted, patternLength, negated: use.operator.negated, ...use });
  return { test, lookups: [lookup, ...read.flatMap((one) => one?.lookups ?? [])] };
}

/** What calling a test costs, in characters of a pattern. */
const TEST_COST_LENGTH = 4;

const KINDS = {
  text: 'text; use a String operator',
  arn: 'an ARN; use an Arn or a String operator',
  number: 'a number; use a Numeric operator',
  date: 'a date; use a Date operator',
  epoch: 'a point in time; use a Date or a Numeric operator',
  boolean: 'true or false; use Bool',
  address: 'an IP address; use IpAddress or NotIpAddress',
  tag: 'a tag',
} as const;

/** A condition that no action of its statement can meet would be a rule that never bites. */
function refuseUncarried({ name, carriedAs }: ConditionKey, { actions, place }: ConditionReading): void {
  if (carriedAs === undefined) return;
  const carriers = ACTION_NAMES.filter((action) => (ACTIONS[action].carries as readonly string[]).includes(carriedAs));
  if (carriers.some((action) => actions.has(action))) return;
  const names =
    carriers.length > 3 ? ['actions that change a vault'] : carriers.map((action) => `${SERVICE}:${action}`);
  throw new PolicyFault(place, `${name} has no value in requests for these actions, only for ${anyOf(names)}.`);
}

/** The policy's values; numbers and booleans may stand without quotes. */
function scalarsOf(value: JsonValue, place: string): string[] {
  const items = Array.isArray(value) ? value : [value];
  if (items.length === 0) throw new PolicyFault(place, 'the list is empty.');
  return items.map((item) => {
    if (typeof item === 'string') return item;
    if (typeof item === 'number' || typeof item === 'boolean') return String(item);
    throw new PolicyFault(place, `must be a string, a number, true, false or a list of these, but ${kindOf(item)}.`);
  });
}

function nullTest(lookup: string, texts: readonly string[], place: string): Test {
  const wanted = texts.map((text) => {
    const absent = parseFlag(text);
    if (absent === undefined) {
      throw new PolicyFault(place, `${shown(text)} is not true or false, as ${NULL_OPERATOR} needs.`);
    }
    return absent;
  });
  return (values) => {
    const value = values.get(lookup);
    if (value === UNKNOWN) return MAYBE;
    // Empty text is a value; an empty list is none.
    return truth(wanted.includes(value === undefined || (value.length === 0 && value !== '')));
  };
}

function keyTest({
  lookup,
  wanted,
  patternLength,
  negated,
  over,
  ifExists,
}: {
  lookup: string;
  wanted: readonly ValueTest[];
  patternLength: number;
  negated: boolean;
  over: OperatorUse['over'];
  ifExists: boolean;
}): Test {
  const absent = truth(ifExists || over === 'all' || (over === 'one' && negated));
  const testOne = (subject: Subject, values: Values): Truth => {
    if (subject.text.length > limits.policyValueLengthMax) return MAYBE;
    const found = some(wanted, (test) => test(subject, values));
    return negated ? not(found) : found;
  };
  return (values) => {
    const subjects = values.subjects(lookup);
    if (subjects === UNKNOWN) return MAYBE;
    if (subjects === undefined || subjects.length === 0) return absent;
    if (!values.pay({ patternLength, words: wordsIn(subjects) })) return MAYBE;
    if (over === 'one') return agreed(subjects.map((one) => testOne(one, values)));
    // Nothing but empty text counts as no value at all to the set operators.
    if (subjects.every(({ text }) => text === '')) return absent;
    return (over === 'all' ? every : some)(subjects, (one) => testOne(one, values));
  };
}

function agreed(found: readonly Truth[]): Truth {
  return found.every((one) => one === YES) ? YES : found.every((one) => one === NO) ? NO : MAYBE;
}
