import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EncryptionKeys } from './encryption-keys.ts';

let dataDir = '';
let path = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'moraine-encryption-'));
  path = join(dataDir, 'encryption.key');
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const [ONE, OTHER] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];

const keysOf = ({ command, encryptionKeys }: { command?: string; encryptionKeys?: Buffer[] } = {}) =>
  EncryptionKeys.of({
    dataDir,
    config: { encryptionKeyCommand: command },
    secrets: encryptionKeys === undefined ? {} : { encryptionKeys },
  });

test('S-06 the file is made when a key is added and not before, private, and is found again', () => {
  const keys = keysOf();
  expect(keys.find()).toEqual([]);
  expect(readdirSync(dataDir)).toEqual([]);
  const [made] = keys.add();
  expect(made).toHaveLength(32);
  expect(readdirSync(dataDir)).toEqual(['encryption.key']);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).toBe(`${made?.toString('base64')}\n`);
  expect(keysOf().find()).toEqual([made]);
});

test('a key that is added comes first, and the others stay', () => {
  writeFileSync(path, `${ONE.toString('hex')}\n${OTHER.toString('base64')}\n`);
  const keys = keysOf();
  const [made, ...before] = keys.add();
  expect(before).toEqual([ONE, OTHER]);
  expect(keysOf().find()).toEqual([made, ONE, OTHER]);
  keys.keep([OTHER]);
  expect(keys.find()).toEqual([OTHER]);
  expect(keysOf().find()).toEqual([OTHER]);
});

test('keys of the environment count before the file, which stays as it is', () => {
  writeFileSync(path, `${ONE.toString('hex')}\n`);
  const keys = keysOf({ encryptionKeys: [OTHER] });
  expect(keys).toMatchObject({ source: 'environment', origin: 'MORAINE_ENCRYPTION_KEY' });
  expect(keys.find()).toEqual([OTHER]);
  expect(keys.fileKeys()).toEqual([ONE]);
  expect(() => keys.add()).toThrow('keys are not kept in MORAINE_ENCRYPTION_KEY by this program');
  expect(readFileSync(path, 'utf8')).toBe(`${ONE.toString('hex')}\n`);
});

test('a command is run once, when its keys are first needed', () => {
  const runs = join(dataDir, 'runs');
  const keys = keysOf({
    command: `echo run >> ${runs}; echo ${ONE.toString('base64')}; echo ${OTHER.toString('hex')}`,
  });
  expect(readdirSync(dataDir)).toEqual([]);
  expect(keys.find()).toEqual([ONE, OTHER]);
  expect(keys.find()).toEqual([ONE, OTHER]);
  expect(readFileSync(runs, 'utf8')).toBe('run\n');
  expect(keys.source).toBe('command');
});

test.each([
  ['echo nonsense', 'must be keys of 32 bytes in base64 or hexadecimal'],
  ['true', 'must hold a key'],
])('%s gives no keys', (command, problem) => {
  expect(() => keysOf({ command }).find()).toThrow(`what the command of --encryption-key-command prints ${problem}`);
});

test('a file that holds no key is refused and kept; one that others may read is made private', () => {
  writeFileSync(path, 'nonsense\n');
  chmodSync(path, 0o644);
  expect(() => keysOf().find()).toThrow(`${path} must be keys of 32 bytes in base64 or hexadecimal`);
  expect(readFileSync(path, 'utf8')).toBe('nonsense\n');
  expect(statSync(path).mode & 0o777).toBe(0o600);
});
