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
import { findRootKey, loadOrMakeRootKey } from './credentials.ts';

let dataDir = '';
let path = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'moraine-credentials-'));
  path = join(dataDir, 'credentials');
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const load = () => loadOrMakeRootKey({ dataDir, secrets: {} });

test('a key from the environment leaves no file', () => {
  const secrets = { rootKey: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' } };
  expect(loadOrMakeRootKey({ dataDir, secrets })).toEqual({
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'secret',
    made: false,
  });
  expect(readdirSync(dataDir)).toEqual([]);
});

test('the first start makes a key, the next finds it', () => {
  const made = load();
  expect(made).toMatchObject({ path, made: true });
  expect(made.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
  expect(made.secretAccessKey).toMatch(/^[A-Za-z0-9+/]{40}$/);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(dataDir)).toEqual(['credentials']);
  expect(load()).toEqual({ ...made, made: false });
});

test('what an interrupted first start left behind does not disturb', () => {
  writeFileSync(`${path}.unfinished`, '[defa');
  expect(load().made).toBe(true);
  expect(readdirSync(dataDir)).toEqual(['credentials']);
});

test('the file is read as AWS tools read it, and made private', () => {
  const lines = [
    '\uFEFF# ours',
    '[other]',
    'aws_access_key_id=AKIAOTHER',
    '',
    '[ default ] ; root',
    'region = a-1',
    's3 =',
  ];
  lines.push('  addressing_style = path', 'AWS_ACCESS_KEY_ID = AKIAMINE ', 'aws_secret_access_key=a=b/c+d', '');
  writeFileSync(path, lines.join('\r\n'));
  chmodSync(path, 0o644);
  expect(load()).toEqual({ accessKeyId: 'AKIAMINE', secretAccessKey: 'a=b/c+d', path, made: false });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.each([
  ['', 'has no section [default]'],
  ['[other]\na=b\n', 'has no section [default]'],
  ['aws_access_key_id = AKIAMINE\n', 'cannot be understood at line 1'],
  ['[default]\ngarbage\n', 'cannot be understood at line 2'],
  ['[default]\na=b\n[default]\n', 'has two sections [default]'],
  ['[default]\naws_access_key_id = AKIAMINE\n', 'has no aws_secret_access_key in its section [default]'],
])('a broken file is refused and kept: %j', (text, problem) => {
  writeFileSync(path, text);
  expect(load).toThrow(`${path} ${problem}`);
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('an empty key is refused', () => {
  writeFileSync(path, '[default]\naws_access_key_id =\naws_secret_access_key = x\n');
  expect(load).toThrow(`aws_access_key_id in ${path} must not be empty`);
});

test('a symbolic link in its place is refused', () => {
  writeFileSync(join(dataDir, 'elsewhere'), '');
  symlinkSync(join(dataDir, 'elsewhere'), path);
  expect(load).toThrow(`${path} must be a regular file`);
});

test('who must not make a key finds the one that is there, and else says what is missing', () => {
  const path = join(dataDir, 'credentials');
  const find = () => findRootKey({ dataDir, secrets: {} });
  expect(find).toThrow(
    `the root key is neither in ${path} nor in the environment: commands need the MORAINE_ variables`,
  );
  expect(readdirSync(dataDir)).toEqual([]);
  const made = load();
  expect(find()).toEqual({ ...made, made: false });
  const rootKey = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
  expect(findRootKey({ dataDir, secrets: { rootKey } })).toEqual({ ...rootKey, made: false });
});
