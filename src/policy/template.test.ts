import { describe, expect, test } from 'vitest';
import { type ContextValue, UNKNOWN } from './context.ts';
import { subjectOf } from './subject.ts';
import { readTemplate, textTest } from './template.ts';
import { MAYBE, NO, type Truth, YES } from './truth.ts';
import { valuesOf } from './values.ts';

const v = (inner: string): string => `$\{${inner}}`;
const context = new Map<string, ContextValue>([
  ['aws:username', 'bob'],
  ['aws:userid', 'a*b'],
  ['aws:useragent', UNKNOWN],
  ['glacier:resourcetag/twice', ['x', 'y']],
  ['glacier:resourcetag/once', ['x']],
]);

function outcome(template: string, text: string, { wild = true, fold = false } = {}): Truth {
  const parts = readTemplate(template, { place: 'Place', wild, variables: true });
  return textTest(parts, { fold })(subjectOf(text), valuesOf(context));
}

test.each([
  [`home-${v('aws:username')}`, 'home-bob', YES],
  [`home-${v('AWS:UserName')}`, 'home-bob', YES],
  [`home-${v('aws:username')}-*`, 'home-bob-1', YES],
  [v('aws:userid'), 'a*b', YES],
  [v('aws:userid'), 'axb', NO],
  [`${v('aws:username')}${v('aws:username')}`, 'bobbob', YES],
  [v('glacier:ResourceTag/Once'), 'x', YES],
  [`a${v('*')}b`, 'a*b', YES],
  [`a${v('*')}b`, 'axb', NO],
  [`a${v('?')}b`, 'a?b', YES],
  [`a${v('$')}{b}`, 'a$' + '{b}', YES],
  ['$aws:username', '$aws:username', YES],
  ['a$', 'a$', YES],
])('%s against %s', (template, text, expected) => {
  expect(outcome(template, text)).toBe(expected);
});

describe('a default', () => {
  test.each([
    [v("aws:referer, 'none'"), 'none', YES],
    [v("aws:referer,'none'"), 'none', YES],
    [v("aws:referer, ''"), '', YES],
    [v("aws:referer, 'it''s'"), "it's", YES],
    [v("aws:referer, 'a}b'"), 'a}b', YES],
    [v("aws:referer, '*'"), 'x', NO],
    [v("aws:username, 'none'"), 'bob', YES],
    [v("aws:username, 'none'"), 'none', NO],
  ])('%s against %j', (template, text, expected) => {
    expect(outcome(template, text)).toBe(expected);
  });
});

describe('a variable without a value is undecided unless no value could match', () => {
  test.each(['aws:referer', 'aws:useragent', 'glacier:ResourceTag/Twice', "aws:useragent, 'x'"])('%s', (name) => {
    expect(outcome(`home-${v(name)}`, 'home-x')).toBe(MAYBE);
    expect(outcome(`home-${v(name)}`, 'house-x')).toBe(NO);
    expect(outcome(`*-${v(name)}-z`, 'x-y', { wild: false })).toBe(NO);
  });
});

test('only patterns have wildcards, and case counts unless it is told not to', () => {
  expect(outcome('a*', 'ab', { wild: false })).toBe(NO);
  expect(outcome('a*', 'a*', { wild: false })).toBe(YES);
  expect(outcome(`A-${v('aws:username')}`, 'a-BOB', { wild: false, fold: true })).toBe(YES);
  expect(outcome('A', 'a')).toBe(NO);
});
