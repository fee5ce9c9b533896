import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SecretsKey } from './secrets-key.ts';

let dataDir = '';
let path = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'moraine-secrets-'));
  path = join(dataDir, 'secrets.key');
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const load = () => SecretsKey.load({ dataDir, fromEnvironment: undefined });

test('S-06 is made when it is first needed and not before, at random, and is found again', () => {
  const first = load();
  expect(first.find()).toBeUndefined();
  expect(readdirSync(dataDir)).toEqual([]);
  const made = first.findOrMake();
  expect(made).toHaveLength(32);
  expect(first.find()).toEqual(made);
  expect(readdirSync(dataDir)).toEqual(['secrets.key']);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const second = load();
  expect(second.find()).toEqual(made);
  expect(second.findOrMake()).toEqual(made);
  rmSync(path);
  expect(load().findOrMake()).not.toEqual(made);
});

test('one that vanishes while it is in use is not made anew', () => {
  const key = load();
  const made = key.findOrMake();
  rmSync(path);
  expect(key.findOrMake()).toEqual(made);
  expect(readdirSync(dataDir)).toEqual([]);
});

test('from the environment it counts before the file, and leaves none', () => {
  const fromEnvironment = Buffer.alloc(32, 'e');
  const key = SecretsKey.load({ dataDir, fromEnvironment });
  expect(key.findOrMake()).toEqual(fromEnvironment);
  expect(key.origin).toBe('MORAINE_SECRETS_KEY');
  expect(readdirSync(dataDir)).toEqual([]);
});

test('a file that others may read is made private', () => {
  writeFileSync(path, `${'0f'.repeat(32)}\n`);
  chmodSync(path, 0o644);
  expect(load().find()?.toString('hex')).toBe('0f'.repeat(32));
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.each([
  ['', 'must not be empty'],
  ['c2hvcnQ=', 'must be 32 bytes in base64 or hexadecimal'],
  ['0f'.repeat(31), 'must be 32 bytes in base64 or hexadecimal'],
  [`${'A'.repeat(42)}!=`, 'must be 32 bytes in base64 or hexadecimal'],
])('a file that holds no key is refused and kept: %j', (text, problem) => {
  writeFileSync(path, text);
  expect(load).toThrow(`the key in ${path} ${problem}`);
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('a symbolic link in its place is refused', () => {
  writeFileSync(join(dataDir, 'elsewhere'), '');
  symlinkSync(join(dataDir, 'elsewhere'), path);
  expect(load).toThrow(`${path} must be a regular file`);
});
