import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EncryptionKeys } from '../config/encryption-keys.ts';
import type { BlobStore } from './blob-store.ts';
import { KeyRecord } from './key-record.ts';
import { masterKeyId, wrappedBy } from './key-wrap.ts';
import { MasterKeyRing } from './master-key-ring.ts';
import type { MasterKeys, Rewrapped } from './master-keys.ts';
import { type Rotated, rotateKeys } from './rotate-keys.ts';

let dataDir = '';
let path = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'moraine-rotate-'));
  path = join(dataDir, 'encryption.key');
  mkdirSync(join(dataDir, 'blobs'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const DATA_KEYS = [Buffer.alloc(32, 'a'), Buffer.alloc(32, 'b'), Buffer.alloc(32, 'c')];
const [OLD, NEW] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const [OLD_ID, NEW_ID] = [masterKeyId(OLD), masterKeyId(NEW)];

const placeOf = (encryptionKeys?: Buffer[]) => ({
  keys: EncryptionKeys.of({
    dataDir,
    config: { encryptionKeyCommand: undefined },
    secrets: encryptionKeys === undefined ? {} : { encryptionKeys },
  }),
  record: KeyRecord.open([join(dataDir, 'blobs')]),
});

const ringOf = (encryptionKeys?: Buffer[]) => new MasterKeyRing({ ...placeOf(encryptionKeys), encrypts: true });

/** A store of nothing but wrapped keys, which may break off, as a kill does, before it rewraps one of them. */
function storeOf(wrapped: Buffer[], { breaksBefore, failed }: { breaksBefore?: number; failed?: string } = {}) {
  return async (masterKeys: MasterKeys): Promise<BlobStore> => {
    const rewrap = async (): Promise<Rewrapped> => {
      const counts = { current: 0, rewrapped: 0, failed: new Map<string, string>() };
      for (const [index, key] of wrapped.entries()) {
        if (index === breaksBefore) throw new Error('broken off');
        if (masterKeys.isCurrent(key)) counts.current += 1;
        else {
          wrapped[index] = masterKeys.wrap(masterKeys.unwrap(key));
          counts.rewrapped += 1;
        }
      }
      if (failed !== undefined) counts.failed.set(failed, 'its key was changed');
      return counts;
    };
    return { rewrap, [Symbol.asyncDispose]: async () => undefined } as unknown as BlobStore;
  };
}

const wrapAll = (ring: MasterKeys): Buffer[] => DATA_KEYS.map((key) => ring.wrap(key));
const unwrapAll = (ring: MasterKeys, wrapped: Buffer[]): Buffer[] => wrapped.map((key) => ring.unwrap(key));
const rotate = (
  wrapped: Buffer[],
  options: Parameters<typeof storeOf>[1] & { given?: Buffer[] } = {},
): Promise<Rotated> => rotateKeys({ ...placeOf(options.given), openStore: storeOf(wrapped, options) });

test('a new key is made, everything is wrapped with it, and the old one goes', async () => {
  const wrapped = wrapAll(ringOf());
  const [before] = placeOf().keys.find();
  const { keyId, ...rotated } = await rotate(wrapped);
  expect(rotated).toEqual({
    current: 0,
    rewrapped: 3,
    failed: new Map(),
    retiredKeyIds: [masterKeyId(before ?? OLD)],
  });
  expect(placeOf().keys.find().map(masterKeyId)).toEqual([keyId]);
  expect(placeOf().record.keyIds).toEqual([keyId]);
  expect(unwrapAll(ringOf(), wrapped)).toEqual(DATA_KEYS);
});

test.each([0, 1, 2])(
  'broken off before blob %i, it leaves everything readable, and the next one goes on',
  async (at) => {
    const wrapped = wrapAll(ringOf());
    await expect(rotate(wrapped, { breaksBefore: at })).rejects.toThrow('broken off');
    expect(unwrapAll(ringOf(), wrapped)).toEqual(DATA_KEYS);
    const [current] = placeOf().keys.find().map(masterKeyId);
    const { keyId, ...rotated } = await rotate(wrapped);
    expect(keyId).toBe(current);
    expect(rotated).toMatchObject({ current: at, rewrapped: 3 - at });
    expect(placeOf().keys.find()).toHaveLength(1);
    expect(unwrapAll(ringOf(), wrapped)).toEqual(DATA_KEYS);
  },
);

test('one that ended between the record and the file goes on too', async () => {
  writeFileSync(path, `${NEW.toString('hex')}\n${OLD.toString('hex')}\n`);
  const wrapped = wrapAll(ringOf());
  expect(placeOf().record.keyIds).toEqual([NEW_ID]);
  expect(await rotate(wrapped)).toMatchObject({ keyId: NEW_ID, retiredKeyIds: [OLD_ID], current: 3, rewrapped: 0 });
  expect(readFileSync(path, 'utf8')).toBe(`${NEW.toString('base64')}\n`);
});

test('keys stay when a blob still needs them', async () => {
  const wrapped = wrapAll(ringOf());
  const before = placeOf().record.keyIds;
  const { keyId, retiredKeyIds } = await rotate(wrapped, { failed: 'blob' });
  expect(retiredKeyIds).toEqual([]);
  expect(placeOf().keys.find().map(masterKeyId)).toEqual([keyId, ...before]);
  expect(placeOf().record.keyIds).toEqual([keyId, ...before]);
});

test('keys from outside are changed from outside', async () => {
  const wrapped = wrapAll(ringOf([OLD]));
  await expect(rotate(wrapped, { given: [OLD] })).rejects.toThrow(
    'MORAINE_ENCRYPTION_KEY has one key only: put a new one before it, and keep the old one after it',
  );
  expect(await rotate(wrapped, { given: [NEW, OLD] })).toMatchObject({ keyId: NEW_ID, retiredKeyIds: [OLD_ID] });
  expect(wrapped.map(wrappedBy)).toEqual([NEW_ID, NEW_ID, NEW_ID]);
  expect(unwrapAll(ringOf([NEW]), wrapped)).toEqual(DATA_KEYS);
});

test('without the key of before, or without any, nothing is changed', async () => {
  await expect(rotate([])).rejects.toThrow(`there is nothing to rotate: ${path} is made with the first archive`);
  const wrapped = wrapAll(ringOf([OLD]));
  await expect(rotate(wrapped, { given: [NEW] })).rejects.toThrow(
    `encrypted under the key ${OLD_ID}, and it is not in`,
  );
  await expect(rotate(wrapped)).rejects.toThrow(`encrypted under the key ${OLD_ID}, and there is no ${path}`);
  expect(placeOf().keys.find()).toEqual([]);
  expect(placeOf().record.keyIds).toEqual([OLD_ID]);
});
