import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GlacierError } from '../model/errors.ts';
import { compilePolicy } from './compile.ts';
import type { PolicyOwner } from './statement.ts';

/** The refusals: what a document may not say, and the sentence that its author gets to read. */
const VAULT = 'arn:aws:glacier:us-east-1:111122223333:vaults/deeds';
const LOCK: PolicyOwner = { kind: 'lock', vaultArn: VAULT };
const IDENTITY: PolicyOwner = { kind: 'identity' };

const statement = { Effect: 'Deny', Principal: '*', Action: 'glacier:DeleteArchive', Resource: VAULT };
const granted = { Effect: 'Allow', Action: 'glacier:*', Resource: '*' };
const withVersion = (found: object): string => JSON.stringify({ Version: '2012-10-17', ...found });
const lock = (change: object): string => withVersion({ Statement: [{ ...statement, ...change }] });
const identity = (change: object): string => withVersion({ Statement: [{ ...granted, ...change }] });
const when = (Condition: unknown): string => lock({ Condition });

function refusal(text: string, owner: PolicyOwner): string {
  try {
    compilePolicy(text, owner);
  } catch (error) {
    expect(error).toBeInstanceOf(GlacierError);
    expect(error).toMatchObject({ code: 'InvalidParameterValueException' });
    return (error as GlacierError).message;
  }
  return 'accepted';
}

test('the refusal names the policy first', () => {
  expect(refusal('[]', LOCK)).toBe(
    'The specified vault lock policy is invalid. Document: must be an object, but is a list.',
  );
  expect(refusal('[]', { kind: 'access', vaultArn: VAULT })).toMatch(
    /^The specified vault access policy is invalid\. Doc/,
  );
  expect(refusal('[]', IDENTITY)).toMatch(/^The specified identity policy is invalid\. Doc/);
});

/** A document, and the sentence in which its refusal must end or that it must hold. */
interface Refused {
  /** Its number among the attacks that the product is tested with. */
  case: string;
  name: string;
  document: unknown;
  message: string;
}

const FIXTURE = join(import.meta.dirname, '../../test/fixtures/policy-refusals.json');
const refused = JSON.parse(readFileSync(FIXTURE, 'utf8')) as { lock: Refused[]; identity: Refused[] };

test.each(refused.lock)('$case a lock policy with $name is refused', ({ document, message }) => {
  expect(refusal(JSON.stringify(document), LOCK)).toContain(message);
});

test.each(refused.identity)('$case an identity policy with $name is refused', ({ document, message }) => {
  expect(refusal(JSON.stringify(document), IDENTITY)).toContain(message);
});

describe('S-55 a document that', () => {
  test('is larger than 20 KB is refused', () => {
    const full = lock({ Sid: '' });
    const padded = (bytes: number): string => full + ' '.repeat(bytes - full.length);
    expect(refusal(padded(20_480), LOCK)).toBe('accepted');
    expect(refusal(padded(20_481), LOCK)).toContain('Document: 20481 bytes are more than the 20480 allowed.');
    expect(refusal(lock({ Sid: 'é'.repeat(10_240) }), LOCK)).toContain('more than the 20480 allowed.');
  });

  test.each([
    ['is a million levels deep', '['.repeat(1_000_000), 'Document: 1000000 bytes are more than the 20480 allowed.'],
    ['is twenty thousand levels deep', '['.repeat(20_000), 'nested deeper than 32 levels.'],
    [
      'hides a statement in __proto__',
      `{"__proto__":{"Statement":${withVersion({})}}}`,
      'the element __proto__ is not',
    ],
    [
      'hides an effect in __proto__',
      lock({}).replace('{"Effect":"Deny"', '{"__proto__":{"Effect":"Deny"}'),
      '__proto__ is not',
    ],
    ['tests __proto__', when({}).replace('{}', '{"__proto__":{"aws:username":"x"}}'), 'operator __proto__ is not'],
    ['tests a key __proto__', when({}).replace('{}', '{"Null":{"__proto__":true}}'), 'key __proto__ is not'],
    ['says two things at once', lock({}).replace('"Effect"', '"Effect":"Allow","Effect"'), 'Effect appears twice.'],
    ['begins with a byte order mark', `\ufeff${lock({})}`, 'a byte order mark is not allowed.'],
    ['holds NaN', when({ NumericLessThan: { 'glacier:ArchiveAgeInDays': 7 } }).replace(':7', ':NaN'), 'found N.'],
    ['is none', 'Deny', 'expected a value, found D.'],
    ['is empty', '', 'found the end of the document.'],
  ])('%s is refused', (_, text, message) => {
    expect(refusal(text, LOCK)).toContain(message);
  });

  test('holds a word without end is refused in a short sentence', () => {
    expect(refusal(lock({ Action: `glacier:${'x'.repeat(10_000)}` }), LOCK).length).toBeLessThan(300);
  });
});

test.each([
  ['a single statement', withVersion({ Statement: statement }), LOCK],
  ['no version', JSON.stringify({ Statement: statement }), LOCK],
  [
    'the older version and an Id',
    JSON.stringify({ Version: '2008-10-17', Id: 'any text', Statement: statement }),
    LOCK,
  ],
  [
    'empty Sids',
    withVersion({
      Statement: [
        { ...statement, Sid: '' },
        { ...statement, Sid: '' },
      ],
    }),
    LOCK,
  ],
  ['an empty condition', when({}), LOCK],
  ['an Allow', lock({ Effect: 'Allow' }), LOCK],
  [
    'principals of all forms',
    lock({
      Principal: {
        AWS: [
          '*',
          '111122223333',
          'arn:aws:iam::111122223333:user/a/b/c',
          'arn:aws:sts::111122223333:assumed-role/r/s',
        ],
      },
    }),
    LOCK,
  ],
  ['operators and keys in any case', when({ 'foranyvalue:STRINGLIKEifexists': { 'AWS:UserName': 'a' } }), LOCK],
  ['a short ARN that ends in a star', identity({ Resource: ['arn:aws:glacier:*', 'arn:*'] }), IDENTITY],
  ['actions in any case', identity({ Action: ['GLACIER:deletearchive', '*:*', 'glacier:?ploadArchive'] }), IDENTITY],
])('%s is accepted', (_, text, owner) => {
  expect(refusal(text, owner)).toBe('accepted');
});

test('a compiled policy tells which keys it asks for and whom it names', () => {
  const policy = compilePolicy(
    lock({
      Principal: { AWS: ['arn:aws:iam::111122223333:user/bob', '111122223333'] },
      Condition: {
        StringLike: { 'glacier:ResourceTag/Hold': `$${'{aws:UserName}'}` },
        Null: { 'aws:TokenIssueTime': true },
      },
    }),
    LOCK,
  );
  expect([...policy.lookups]).toEqual(['glacier:resourcetag/hold', 'aws:username', 'aws:tokenissuetime']);
  expect([...policy.carried]).toEqual(['resource-tag']);
  expect([...policy.principalArns]).toEqual(['arn:aws:iam::111122223333:user/bob']);
});
