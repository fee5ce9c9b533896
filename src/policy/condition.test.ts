import { describe, expect, test } from 'vitest';
import { ACTION_NAMES } from './actions.ts';
import { readCondition } from './condition.ts';
import { type ContextValue, UNKNOWN } from './context.ts';
import { parseJson } from './json.ts';
import { every, MAYBE, NO, type Truth, YES } from './truth.ts';
import { valuesOf } from './values.ts';

type Values = Record<string, ContextValue>;

function outcome(condition: unknown, values: Values): Truth {
  const { tests } = readCondition(parseJson(JSON.stringify(condition)), {
    place: 'Condition',
    variables: true,
    actions: new Set(ACTION_NAMES),
  });
  const asked = valuesOf(new Map(Object.entries(values)));
  return every(tests, (one) => one(asked));
}

const AGE = 'glacier:ArchiveAgeInDays';
const age = 'glacier:archiveageindays';
const TAG = 'glacier:ResourceTag/Hold';
const tag = 'glacier:resourcetag/hold';
const ARN = 'arn:aws:iam::111122223333:user/team/bob';

type Row = [operator: string, key: string, policy: unknown, values: Values, expected: Truth];
const rows: Row[] = [
  ['StringEquals', TAG, 'true', { [tag]: 'true' }, YES],
  ['StringEquals', TAG, 'true', { [tag]: 'True' }, NO],
  ['StringEquals', TAG, '*', { [tag]: 'true' }, NO],
  ['StringEquals', TAG, true, { [tag]: 'true' }, YES],
  ['StringEquals', TAG, 7, { [tag]: '7' }, YES],
  ['StringEquals', TAG, ['a', 'b'], { [tag]: 'b' }, YES],
  ['StringNotEquals', TAG, ['a', 'b'], { [tag]: 'b' }, NO],
  ['StringNotEquals', TAG, ['a', 'b'], { [tag]: 'c' }, YES],
  ['StringEqualsIgnoreCase', TAG, 'TRUE', { [tag]: 'true' }, YES],
  ['StringNotEqualsIgnoreCase', TAG, 'TRUE', { [tag]: 'true' }, NO],
  ['StringLike', TAG, 'legal-*', { [tag]: 'legal-7' }, YES],
  ['StringLike', TAG, 'legal-?', { [tag]: 'legal-' }, NO],
  ['StringLike', TAG, ['true', ''], { [tag]: '' }, YES],
  ['StringNotLike', TAG, 'legal-*', { [tag]: 'legal-7' }, NO],
  ['NumericEquals', AGE, '365', { [age]: '365.0' }, YES],
  ['NumericNotEquals', AGE, '365', { [age]: '365' }, NO],
  ['NumericLessThan', AGE, '365', { [age]: '364' }, YES],
  ['NumericLessThan', AGE, 365, { [age]: '365' }, NO],
  ['NumericLessThan', AGE, '10', { [age]: '9' }, YES],
  ['NumericLessThanEquals', AGE, '365', { [age]: '365' }, YES],
  ['NumericGreaterThan', AGE, '-1.5', { [age]: '-1' }, YES],
  ['NumericGreaterThanEquals', AGE, '+3', { [age]: '2' }, NO],
  ['NumericLessThan', AGE, '365', { [age]: 'many' }, MAYBE],
  ['NumericLessThan', AGE, '365', { [age]: '' }, MAYBE],
  ['NumericLessThan', AGE, '365', { [age]: UNKNOWN }, MAYBE],
  ['NumericNotEquals', AGE, '365', { [age]: UNKNOWN }, MAYBE],
  ['NumericEquals', TAG, '5', { [tag]: 'V' }, MAYBE],
  ['DateEquals', 'aws:CurrentTime', '2026-01-01', { 'aws:currenttime': '2026-01-01T00:00:00.000Z' }, YES],
  ['DateNotEquals', 'aws:CurrentTime', '2026', { 'aws:currenttime': '2026-01-01T00:00:00.000Z' }, NO],
  ['DateLessThan', 'aws:CurrentTime', '1767225600', { 'aws:currenttime': '2025-12-31T23:59:59.999Z' }, YES],
  ['DateLessThanEquals', 'aws:EpochTime', '2026', { 'aws:epochtime': '1767225600' }, YES],
  ['DateGreaterThan', 'aws:CurrentTime', '2026', { 'aws:currenttime': '2026-01-01T00:00:00.000Z' }, NO],
  ['DateGreaterThanEquals', 'aws:CurrentTime', '2026', { 'aws:currenttime': 'soon' }, MAYBE],
  ['NumericGreaterThan', 'aws:EpochTime', 1767225600, { 'aws:epochtime': '1767225601' }, YES],
  ['Bool', 'aws:SecureTransport', 'false', { 'aws:securetransport': 'false' }, YES],
  ['Bool', 'aws:SecureTransport', true, { 'aws:securetransport': 'false' }, NO],
  ['Bool', 'aws:SecureTransport', 'True', { 'aws:securetransport': 'true' }, YES],
  ['Bool', TAG, 'true', { [tag]: 'perhaps' }, MAYBE],
  ['BinaryEquals', 'aws:userid', 'Ym9i', { 'aws:userid': 'bob' }, YES],
  ['BinaryEquals', 'aws:userid', 'Ym9i', { 'aws:userid': 'Ym9i' }, NO],
  [
    'IpAddress',
    'aws:SourceIp',
    ['203.0.113.0/24', '2001:DB8:1234:5678::/64'],
    { 'aws:sourceip': '2001:db8:1234:5678::1' },
    YES,
  ],
  ['IpAddress', 'aws:SourceIp', '203.0.113.0/24', { 'aws:sourceip': '::ffff:203.0.113.9' }, YES],
  ['NotIpAddress', 'aws:SourceIp', '203.0.113.0/24', { 'aws:sourceip': '203.0.113.9' }, NO],
  ['NotIpAddress', 'aws:SourceIp', '203.0.113.0/24', { 'aws:sourceip': 'unix' }, MAYBE],
  ['ArnEquals', 'aws:PrincipalArn', 'arn:aws:iam::*:user/*', { 'aws:principalarn': ARN }, YES],
  ['ArnLike', 'aws:PrincipalArn', 'arn:aws:iam::111122223333:user/bob', { 'aws:principalarn': ARN }, NO],
  ['ArnLike', 'aws:PrincipalArn', '*', { 'aws:principalarn': ARN }, YES],
  ['ArnNotLike', 'aws:PrincipalArn', 'arn:aws:iam::*:user/team/*', { 'aws:principalarn': ARN }, NO],
  ['ArnNotEquals', 'aws:PrincipalArn', 'arn:aws:iam::*:role/*', { 'aws:principalarn': ARN }, YES],
  [
    'ArnLike',
    TAG,
    'arn:aws:glacier:*:111122223333:x/*',
    { [tag]: 'arn:aws:glacier:us-east-2:999999999999:y:111122223333:x/d' },
    NO,
  ],
  [
    'StringLike',
    TAG,
    'arn:aws:glacier:*:111122223333:x/*',
    { [tag]: 'arn:aws:glacier:us-east-2:999999999999:y:111122223333:x/d' },
    YES,
  ],
  ['ArnLike', TAG, '*', { [tag]: 'not one' }, MAYBE],
  // What does not say a number, a date or a flag plainly says none.
  ...[
    '1e3',
    ' 5',
    '5 ',
    '0x10',
    '1_000',
    '.5',
    '5.',
    'NaN',
    'Infinity',
    '٣',
    '9007199254740993',
    '9'.repeat(400),
  ].flatMap((text): Row[] => [
    ['NumericLessThan', TAG, '365', { [tag]: text }, MAYBE],
    ['NumericNotEquals', TAG, '365', { [tag]: text }, MAYBE],
  ]),
  ...['2026-01-01T00:00:00', '2026-01-01 00:00:00Z', '2026-1-1', '1e9', '', 'yesterday'].map(
    (text): Row => ['DateLessThan', TAG, '2027', { [tag]: text }, MAYBE],
  ),
  ...['1', '0', 'yes', 'true ', ''].map((text): Row => ['Bool', TAG, 'true', { [tag]: text }, MAYBE]),
  // The two small sigmas are one letter, wherever they stand.
  ['StringEqualsIgnoreCase', TAG, 'ΝΟΜΟΣ', { [tag]: 'νομος' }, YES],
  ['StringNotEqualsIgnoreCase', TAG, 'νομοσ', { [tag]: 'ΝΟΜΟΣ' }, NO],
  // BinaryEquals compares bytes, however the policy's base64 ends.
  ['BinaryEquals', 'aws:userid', 'Yh==', { 'aws:userid': 'b' }, YES],
];

describe('S-54 operators', () => {
  test.each(rows)('%s of %s with %j', (operator, key, policy, values, expected) => {
    expect(outcome({ [operator]: { [key]: policy } }, values)).toBe(expected);
    expect(outcome({ [operator.toUpperCase()]: { [key.toUpperCase()]: policy } }, values)).toBe(expected);
    expect(outcome({ [`${operator}IfExists`]: { [key]: policy } }, values)).toBe(expected);
  });

  test.each([
    ['StringEquals', NO],
    ['StringNotEquals', YES],
    ['StringLike', NO],
    ['StringNotLike', YES],
    ['StringEqualsIfExists', YES],
    ['StringNotEqualsIfExists', YES],
    ['ForAllValues:StringEquals', YES],
    ['ForAnyValue:StringEquals', NO],
    ['ForAllValues:StringNotEquals', YES],
    ['ForAnyValue:StringNotEquals', NO],
    ['ForAllValues:StringEqualsIfExists', YES],
    ['ForAnyValue:StringEqualsIfExists', YES],
  ] as const)('%s of a key that is not there', (operator, expected) => {
    expect(outcome({ [operator]: { 'aws:TagKeys': 'a' } }, {})).toBe(expected);
    expect(outcome({ [operator]: { 'aws:TagKeys': 'a' } }, { 'aws:tagkeys': [] })).toBe(expected);
  });

  test.each([
    ['NumericLessThan', AGE, 1, NO],
    ['NumericNotEquals', AGE, 1, YES],
    ['Bool', 'aws:MultiFactorAuthPresent', true, NO],
    ['BoolIfExists', 'aws:MultiFactorAuthPresent', false, YES],
    ['DateLessThan', 'aws:TokenIssueTime', '2026', NO],
    ['DateNotEquals', 'aws:TokenIssueTime', '2026', YES],
    ['IpAddress', 'aws:SourceIp', '::/0', NO],
    ['NotIpAddress', 'aws:SourceIp', '::/0', YES],
    ['ArnEquals', 'aws:PrincipalArn', '*', NO],
    ['ArnNotLike', 'aws:PrincipalArn', '*', YES],
    ['BinaryEquals', 'aws:userid', 'Ym9i', NO],
  ] as const)('%s of %s that is not there', (operator, key, policy, expected) => {
    expect(outcome({ [operator]: { [key]: policy } }, {})).toBe(expected);
  });
});

describe('S-54 several values', () => {
  test.each([
    ['ForAllValues:StringEquals', ['a'], YES],
    ['ForAllValues:StringEquals', ['a', 'b'], YES],
    ['ForAllValues:StringEquals', ['a', 'c'], NO],
    ['ForAnyValue:StringEquals', ['a', 'c'], YES],
    ['ForAnyValue:StringEquals', ['c', 'd'], NO],
    ['ForAllValues:StringNotEquals', ['c', 'd'], YES],
    ['ForAllValues:StringNotEquals', ['a', 'd'], NO],
    ['ForAnyValue:StringNotEquals', ['a', 'd'], YES],
    ['ForAnyValue:StringNotEquals', ['a', 'b'], NO],
    // An empty text is an empty set.
    ['ForAllValues:StringEquals', [''], YES],
    ['ForAnyValue:StringEquals', [''], NO],
    // An operator that does not say how they count is decided where it does not matter.
    ['StringEquals', ['a', 'b'], YES],
    ['StringEquals', ['c', 'd'], NO],
    ['StringEquals', ['a', 'c'], MAYBE],
    ['StringNotEquals', ['a', 'c'], MAYBE],
    ['StringEqualsIfExists', ['a', 'c'], MAYBE],
    ['StringEqualsIfExists', [], YES],
    ['ForAnyValue:StringEqualsIfExists', [], YES],
    ['ForAllValues:StringEquals', UNKNOWN, MAYBE],
    ['ForAnyValue:StringNotEquals', UNKNOWN, MAYBE],
    ['StringEqualsIfExists', UNKNOWN, MAYBE],
    ['StringNotEqualsIfExists', UNKNOWN, MAYBE],
    ['ForAllValues:StringEqualsIfExists', UNKNOWN, MAYBE],
  ] as const)('%s of %j', (operator, values, expected) => {
    expect(outcome({ [operator]: { 'aws:TagKeys': ['a', 'b'] } }, { 'aws:tagkeys': values })).toBe(expected);
  });

  test('an undecided value is decided by the others', () => {
    const values = { [tag]: ['1', 'x'] };
    expect(outcome({ 'ForAnyValue:NumericEquals': { [TAG]: 1 } }, values)).toBe(YES);
    expect(outcome({ 'ForAnyValue:NumericEquals': { [TAG]: 2 } }, values)).toBe(MAYBE);
    expect(outcome({ 'ForAllValues:NumericEquals': { [TAG]: 2 } }, values)).toBe(NO);
    expect(outcome({ 'ForAllValues:NumericEquals': { [TAG]: 1 } }, values)).toBe(MAYBE);
  });
});

test.each([
  ['true', {}, YES],
  ['false', {}, NO],
  [true, { 'aws:tokenissuetime': '2026' }, NO],
  [false, { 'aws:tokenissuetime': '2026' }, YES],
  [['true', 'false'], {}, YES],
  ['true', { 'aws:tokenissuetime': [] }, YES],
  ['true', { 'aws:tokenissuetime': '' }, NO],
  ['true', { 'aws:tokenissuetime': UNKNOWN }, MAYBE],
] as const)('Null %j of %j', (policy, values, expected) => {
  expect(outcome({ Null: { 'aws:TokenIssueTime': policy } }, values)).toBe(expected);
});

test('S-54 operators and keys must all hold', () => {
  const both = { StringEquals: { 'aws:username': 'bob', 'aws:userid': 'AIDA' }, Bool: { 'aws:SecureTransport': true } };
  const values = { 'aws:username': 'bob', 'aws:userid': 'AIDA', 'aws:securetransport': 'true' };
  expect(outcome(both, values)).toBe(YES);
  for (const key of Object.keys(values)) expect(outcome(both, { ...values, [key]: 'false' })).toBe(NO);
  expect(outcome({}, {})).toBe(YES);
});

test('S-56 a value too long to be tested leaves the test undecided', () => {
  const like = { StringLike: { 'aws:UserAgent': '*bot*' } };
  expect(outcome(like, { 'aws:useragent': 'x'.repeat(1024) })).toBe(NO);
  expect(outcome(like, { 'aws:useragent': 'x'.repeat(1025) })).toBe(MAYBE);
});
