import { describe, expect, test } from 'vitest';
import { limits } from '../model/limits.ts';
import { ACTION_NAMES } from './actions.ts';
import { type CompiledPolicy, compilePolicy } from './compile.ts';
import { readCondition } from './condition.ts';
import { type ContextValue, type Principal, UNKNOWN } from './context.ts';
import { type Decision, evaluate } from './evaluate.ts';
import { parseJson } from './json.ts';
import { indexText } from './text-index.ts';
import { every } from './truth.ts';
import { type Values, valuesOf, WORDS_MAX } from './values.ts';

const OWN = '111122223333';
const VAULT = `arn:aws:glacier:us-east-1:${OWN}:vaults/deeds`;
const bob: Principal = { type: 'user', accountId: OWN, arn: `arn:aws:iam::${OWN}:user/bob`, userId: 'AIDABOB' };
const LONGEST = `b${'a'.repeat(limits.policyValueLengthMax - 1)}`;
const NAME = `$\{aws:userid}`;

const document = (effect: string, Condition: object): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: { Effect: effect, Action: '*', Resource: '*', Condition } });

/** As many of a pattern as a document of this condition can hold. */
function list(pattern: string, condition = (values: string[]): object => ({ StringLike: { 'aws:Referer': values } })) {
  const space = limits.policyBytesMax - document('Allow', condition([])).length;
  return condition(Array(Math.floor(space / (JSON.stringify(pattern).length + 1))).fill(pattern));
}

function decide(identity: CompiledPolicy[], values: Record<string, ContextValue>): Decision {
  const context = new Map(Object.entries(values));
  return evaluate(
    { action: 'AddTagsToVault', resource: VAULT, principal: bob, resourceAccountId: OWN, context },
    { identity },
  );
}
const compile = (effect: string, condition: object): CompiledPolicy =>
  compilePolicy(document(effect, condition), { kind: 'identity' });

/** The dearest patterns: each nearly stands everywhere in the longest value. */
const hostile = [
  '*?1*',
  '*ab*',
  '*a?b*',
  '*a*a*a*a*b*',
  `*${'a'.repeat(16)}b*`,
  `*${'a'.repeat(60)}?b*`,
  'a?a?a?b*',
  '',
];

test('a value is fetched once, and read once', () => {
  let fetched = 0;
  const values = valuesOf({
    get() {
      fetched += 1;
      return ['x', 'y'];
    },
  });
  expect(values.subjects('aws:tagkeys')).toEqual([{ text: 'x' }, { text: 'y' }]);
  expect(values.subjects('aws:tagkeys')).toBe(values.subjects('aws:tagkeys'));
  expect(fetched).toBe(1);
});

test('more values than are tested are unknown', () => {
  const values = (length: number): Values => valuesOf(new Map([['aws:tagkeys', Array(length).fill('x')]]));
  expect(values(limits.policyValuesMax).subjects('aws:tagkeys')).toHaveLength(50);
  expect(values(limits.policyValuesMax + 1).subjects('aws:tagkeys')).toBe(UNKNOWN);
});

describe('S-56 whatever a document and a request hold, a decision', () => {
  test.each(hostile)('is made by a full list of %j and the longest value', (pattern) => {
    expect(decide([compile('Deny', list(pattern))], { 'aws:referer': LONGEST })).toEqual({
      allowed: false,
      reason: 'no-allow',
    });
  });

  test.each(hostile)('looks at the value no more than twice what is paid for, for %j', (pattern) => {
    const { tests } = readCondition(
      parseJson(JSON.stringify({ StringLike: { 'aws:Referer': Array(4).fill(pattern) } })),
      {
        place: 'Condition',
        variables: true,
        actions: new Set(ACTION_NAMES),
      },
    );
    const seen = { looks: 0, paid: 0 };
    const index = indexText(LONGEST);
    const bits = new Proxy(index.bits, {
      get(words, at) {
        seen.looks += 1;
        return words[Number(at)];
      },
    });
    const values: Values = {
      ...valuesOf(new Map()),
      subjects: () => [{ text: LONGEST, index: { ...index, bits } }],
      pay({ patternLength, words }) {
        seen.paid += patternLength * words;
        return true;
      },
    };
    every(tests, (one) => one(values));
    expect(seen.paid).toBe(4 * (pattern.length + 4) * WORDS_MAX);
    expect(seen.looks).toBeLessThanOrEqual(2 * seen.paid);
    if (pattern === '*a?b*') expect(seen.looks).toBeGreaterThan(seen.paid / 10);
  });

  test('is undecided when it costs more: many values', () => {
    const condition = list('*ab*', (found) => ({ 'ForAnyValue:StringLike': { 'aws:TagKeys': found } }));
    const values = { 'aws:tagkeys': Array(50).fill('ba') };
    expect(decide([compile('Deny', condition)], values).statement?.undecided).toBe(true);
    expect(decide([compile('Allow', condition)], { 'aws:tagkeys': Array(50).fill('ab') }).reason).toBe('no-allow');
    expect(decide([compile('Allow', condition)], { 'aws:tagkeys': ['ba', 'ab'] }).reason).toBe('allow');
  });

  test('is undecided when it costs more: many documents', () => {
    const costly = compile('Deny', list('*ab*'));
    const values = { 'aws:referer': LONGEST };
    expect(decide([costly], values).reason).toBe('no-allow');
    expect(decide([costly, costly], values).statement?.undecided).toBe(true);
    const last = compile('Allow', { StringLike: { 'aws:userid': '*' } });
    expect(decide([last, costly], { ...values, 'aws:userid': 'x' }).reason).toBe('allow');
    const allowing = compile('Allow', list('*ab*'));
    expect(decide([allowing, allowing, last], { ...values, 'aws:userid': 'x' }).reason).toBe('no-allow');
  });

  test('is undecided when it costs more: long values put in for variables', () => {
    const condition = list(`*${NAME}?*`);
    const values = (length: number) => ({ 'aws:referer': LONGEST, 'aws:userid': `b${'a'.repeat(length)}b` });
    expect(decide([compile('Deny', condition)], values(500)).statement?.undecided).toBe(true);
    expect(decide([compile('Deny', { StringLike: { 'aws:Referer': `*${NAME}?*` } })], values(500)).reason).toBe(
      'no-allow',
    );
  });
});

test('the purse is empty when all of it is spent', () => {
  const values = valuesOf(new Map());
  expect(values.pay({ patternLength: limits.policyWorkMax / 32 - 1, words: 32 })).toBe(true);
  expect(values.pay({ patternLength: 1, words: 32 })).toBe(true);
  expect(values.pay({ patternLength: 1, words: 1 })).toBe(false);
  expect(values.pay({ patternLength: 0, words: 1 })).toBe(false);
  expect(WORDS_MAX).toBe(35);
});
