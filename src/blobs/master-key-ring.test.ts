import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EncryptionKeys } from '../config/encryption-keys.ts';
import { KeyRecord } from './key-record.ts';
import { masterKeyId, wrappedBy } from './key-wrap.ts';
import { MasterKeyRing, type MasterKeyRingOptions } from './master-key-ring.ts';
import { KeyDamagedError, KeyMissingError } from './master-keys.ts';

let dataDir = '';
let path = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'moraine-ring-'));
  path = join(dataDir, 'encryption.key');
  mkdirSync(join(dataDir, 'blobs'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const DATA_KEY = Buffer.alloc(32, 'd');
const [ONE, OTHER] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const [ONE_ID, OTHER_ID] = [masterKeyId(ONE), masterKeyId(OTHER)];

function ringWith(encryptionKeys?: Buffer[], more: Partial<MasterKeyRingOptions> = {}) {
  const config = { encryptionKeyCommand: undefined };
  const keys = EncryptionKeys.of({ dataDir, config, secrets: encryptionKeys === undefined ? {} : { encryptionKeys } });
  const record = KeyRecord.open([join(dataDir, 'blobs')]);
  return { record, ring: new MasterKeyRing({ keys, record, encrypts: true, ...more }) };
}

test('the first wrapping makes a key, puts it on record and tells of it; the next one finds it', () => {
  const made: string[] = [];
  const { ring, record } = ringWith(undefined, { onMade: (where) => made.push(where) });
  expect(ring.problem()).toBeUndefined();
  expect(readdirSync(dataDir)).toEqual(['blobs']);
  const wrapped = ring.wrap(DATA_KEY);
  expect(made).toEqual([path]);
  expect(record.keyIds).toEqual([wrappedBy(wrapped)]);
  expect(ring.isCurrent(wrapped)).toBe(true);
  expect(ring.unwrap(ring.wrap(DATA_KEY))).toEqual(DATA_KEY);
  expect(made).toEqual([path]);
  expect(ringWith().ring.unwrap(wrapped)).toEqual(DATA_KEY);
});

test('the first key wraps, the others only unwrap', () => {
  const old = ringWith([ONE]).ring.wrap(DATA_KEY);
  const { ring, record } = ringWith([OTHER, ONE]);
  expect(ring.unwrap(old)).toEqual(DATA_KEY);
  expect(ring.isCurrent(old)).toBe(false);
  expect(wrappedBy(ring.wrap(DATA_KEY))).toBe(OTHER_ID);
  expect(record.keyIds).toEqual([OTHER_ID, ONE_ID]);
});

test('a lost key is said at once, nothing is wrapped without it, and none is made in its place', () => {
  const wrapped = ringWith().ring.wrap(DATA_KEY);
  const id = wrappedBy(wrapped);
  rmSync(path);
  const { ring } = ringWith();
  const problem =
    `archives are encrypted under the key ${id}, and there is no ${path}: put it back from its copy; ` +
    'no new one is made, because nothing could be read with that';
  expect(ring.problem()).toBe(problem);
  expect(() => ring.wrap(DATA_KEY)).toThrow(problem);
  expect(readdirSync(dataDir)).toEqual(['blobs']);
  expect(() => ring.unwrap(wrapped)).toThrow(new KeyMissingError(id));
});

test('another key does no better, and it is said where the right one is', () => {
  writeFileSync(path, ONE.toString('hex'));
  ringWith().ring.wrap(DATA_KEY);
  expect(ringWith([OTHER]).ring.problem()).toBe(
    `archives are encrypted under the key ${ONE_ID}, and it is not in MORAINE_ENCRYPTION_KEY: ` +
      `it is in ${path}, which counts only when no other keys are given`,
  );
  expect(readFileSync(path, 'utf8')).toBe(ONE.toString('hex'));
});

test('without encryption keys are looked at only where something is encrypted', () => {
  writeFileSync(path, 'nonsense');
  expect(ringWith(undefined, { encrypts: false }).ring.problem()).toBeUndefined();
  expect(() => ringWith().ring.problem()).toThrow(`${path} must be keys of 32 bytes`);
  rmSync(path);
  const wrapped = ringWith([ONE]).ring.wrap(DATA_KEY);
  const { ring } = ringWith([ONE], { encrypts: false });
  expect(ring.problem()).toBeUndefined();
  expect(ring.unwrap(wrapped)).toEqual(DATA_KEY);
  expect(ringWith(undefined, { encrypts: false }).ring.problem()).toContain(`there is no ${path}`);
});

test('a wrapped key that was changed is told from one whose key is missing', () => {
  const { ring } = ringWith([ONE]);
  const wrapped = ring.wrap(DATA_KEY);
  wrapped[40] = (wrapped[40] ?? 0) ^ 1;
  expect(() => ring.unwrap(wrapped)).toThrow(KeyDamagedError);
  wrapped[0] = (wrapped[0] ?? 0) ^ 1;
  expect(() => ring.unwrap(wrapped)).toThrow(KeyMissingError);
});
