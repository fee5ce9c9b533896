import { describe, expect, test } from 'vitest';
import { loadConfig } from './config.ts';
import { ConfigError } from './errors.ts';
import type { Environment } from './sources.ts';

const problemOf = (env: Environment): string => {
  try {
    loadConfig({ flags: {}, env });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  return 'accepted';
};

describe('the root key', () => {
  const id = { MORAINE_ROOT_ACCESS_KEY_ID: 'AKIDEXAMPLE' };
  const secret = { MORAINE_ROOT_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

  test('comes from the environment, apart from the configuration', () => {
    expect(loadConfig({ flags: {}, env: { ...id, ...secret } }).secrets).toEqual({
      rootKey: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
    });
  });

  test.each<[Environment, string]>([
    [id, 'MORAINE_ROOT_ACCESS_KEY_ID needs MORAINE_ROOT_SECRET_ACCESS_KEY beside it'],
    [secret, 'MORAINE_ROOT_SECRET_ACCESS_KEY needs MORAINE_ROOT_ACCESS_KEY_ID beside it'],
    [
      { ...secret, MORAINE_ROOT_ACCESS_KEY_ID: 'a/b/c' },
      'MORAINE_ROOT_ACCESS_KEY_ID must be 3 to 128 letters, digits, "_" or "-"',
    ],
    [{ ...id, MORAINE_ROOT_SECRET_ACCESS_KEY: '' }, 'MORAINE_ROOT_SECRET_ACCESS_KEY must not be empty'],
    [
      { ...id, MORAINE_ROOT_SECRET_ACCESS_KEY: 'top secret' },
      'MORAINE_ROOT_SECRET_ACCESS_KEY must be 1 to 128 printable characters without spaces',
    ],
  ])('%j is refused, and the secret is not repeated', (env, message) => {
    expect(problemOf(env)).toBe(message);
  });
});

describe('the key of the secrets', () => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7));

  test.each([
    ['base64', bytes.toString('base64')],
    ['base64 without padding', bytes.toString('base64').replace('=', '')],
    ['hexadecimal', bytes.toString('hex')],
    ['capital hexadecimal', bytes.toString('hex').toUpperCase()],
  ])('may be given in %s', (_, text) => {
    expect(loadConfig({ flags: {}, env: { MORAINE_SECRETS_KEY: text } }).secrets).toEqual({ secretsKey: bytes });
  });

  test.each([
    ['', 'must not be empty'],
    ['secret', 'must be 32 bytes in base64 or hexadecimal'],
    [`${'A'.repeat(44)}`, 'must be 32 bytes in base64 or hexadecimal'],
    ['0'.repeat(62), 'must be 32 bytes in base64 or hexadecimal'],
    [bytes.toString('base64').replace('=', ' '), 'must be 32 bytes in base64 or hexadecimal'],
  ])('%j is refused, and not repeated', (text, message) => {
    expect(problemOf({ MORAINE_SECRETS_KEY: text })).toBe(`MORAINE_SECRETS_KEY ${message}`);
  });
});
