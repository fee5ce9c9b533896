import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testMasterKeys } from '../../test/support/blob-fixtures.ts';
import { plainFrameWork } from '../frames/plain.ts';
import { MIB } from '../model/limits.ts';
import { straightCalls } from './disk-calls.ts';
import { FOOTER_BYTES } from './file-format.ts';
import { FileStore } from './file-store.ts';
import { parseSlots, SLOT_BYTES, SLOTS } from './key-slots.ts';
import { KeyMissingError, type MasterKeys } from './master-keys.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'moraine-files-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const bytes = createHash('shake256', { outputLength: MIB + 7 })
  .update('file')
  .digest();
const frames = [bytes.subarray(0, MIB), bytes.subarray(MIB)];

function open(masterKeys: MasterKeys | null = null, roots = [join(root, 'blobs')]): Promise<FileStore> {
  const frameWork = plainFrameWork('for tests');
  return FileStore.open({ roots, calls: straightCalls, frames: frameWork, masterKeys, onFault: () => undefined });
}

async function put(store: FileStore): Promise<string> {
  await using writer = await store.put();
  for (const frame of frames) await writer.write(Buffer.from(frame));
  await writer.end();
  return await writer.commit({ kind: 'output', createdAtMs: 1 });
}

async function read(store: FileStore, blobId: string): Promise<Buffer> {
  await using reader = await store.open(blobId);
  const parts = [];
  for (const index of frames.keys()) parts.push(await reader.readFrame(index, Buffer.alloc(MIB)));
  return Buffer.concat(parts);
}

async function allOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const pathOf = (blobId: string, copy = 'blobs'): string => join(root, copy, blobId.slice(0, 2), blobId);

function slotsOf(blobId: string, copy = 'blobs') {
  const file = readFileSync(pathOf(blobId, copy));
  const keysAt = file.length - FOOTER_BYTES - SLOTS * SLOT_BYTES;
  return { keysAt, ...parseSlots(blobId, file.subarray(keysAt)) };
}

test('a file of format 1 is read, says nothing of itself, and shows when it was changed', async () => {
  const store = await open();
  const blobId = 'ab'.repeat(16);
  const tail = Buffer.alloc(2 * 36 + 64);
  for (const [index, frame] of frames.entries()) {
    tail.writeUInt32LE(crc32(frame), index * 4);
    createHash('sha256')
      .update(frame)
      .digest()
      .copy(tail, 8 + index * 32);
  }
  tail.write('MORAINE\x01', 72, 'latin1');
  tail.write(blobId, 80, 'hex');
  tail.writeBigUInt64LE(BigInt(bytes.length), 96);
  tail.writeUInt32LE(2, 104);
  tail.writeUInt32LE(crc32(tail.subarray(0, 108)), 108);
  writeFileSync(pathOf(blobId), Buffer.concat([bytes, tail]));
  expect((await read(store, blobId)).equals(bytes)).toBe(true);
  const surveyed = await allOf(store.survey());
  expect(surveyed).toMatchObject([{ blobId, about: null, linearHash: null, sizeBytes: bytes.length }]);
  expect((await store.verify(blobId)).state).toBe('intact');
  for (let at = 0; at < tail.length; at += 1) {
    const changed = Buffer.from(tail);
    changed[at] = (changed[at] ?? 0) ^ 1;
    writeFileSync(pathOf(blobId), Buffer.concat([bytes, changed]));
    await expect(store.open(blobId), `byte ${at}`).rejects.toThrow('is damaged');
  }
});

test('what is sealed needs its key, and what is on the disk does not show it', async () => {
  const blobId = await put(await open(testMasterKeys(1)));
  expect(readFileSync(pathOf(blobId)).includes(frames[0]?.subarray(0, 32) ?? '')).toBe(false);
  for (const keys of [null, testMasterKeys(2)]) {
    const store = await open(keys);
    await expect(store.open(blobId)).rejects.toThrow(KeyMissingError);
    await expect(store.verify(blobId)).rejects.toThrow(KeyMissingError);
    expect(await store.stat(blobId)).toEqual({ sizeBytes: bytes.length });
    expect(await allOf(store.survey())).toMatchObject([{ blobId, about: { kind: 'output' } }]);
  }
});

test('a rotation leaves one key, the new one, in every copy, and does nothing twice', async () => {
  const roots = [join(root, 'blobs'), join(root, 'mirror')];
  const blobId = await put(await open(testMasterKeys(1), roots));
  await put(await open(null, roots));
  const store = await open(testMasterKeys(2, 1), roots);
  expect(await store.rewrap({})).toEqual({ current: 0, rewrapped: 1, failed: new Map() });
  expect(await store.rewrap({})).toEqual({ current: 1, rewrapped: 0, failed: new Map() });
  expect(slotsOf(blobId)).toMatchObject({ keys: [{ place: 1, sequence: 2 }], broken: [] });
  expect(readFileSync(pathOf(blobId)).equals(readFileSync(pathOf(blobId, 'mirror')))).toBe(true);
  expect((await read(await open(testMasterKeys(2), roots), blobId)).equals(bytes)).toBe(true);
  await expect((await open(testMasterKeys(1), roots)).open(blobId)).rejects.toThrow(KeyMissingError);
  expect((await (await open(testMasterKeys(1), roots)).rewrap({})).failed.get(blobId)).toContain('master key');
});

test('a rotation that was cut off between its two steps is read, and goes on', async () => {
  const blobId = await put(await open(testMasterKeys(1)));
  const before = readFileSync(pathOf(blobId));
  const store = await open(testMasterKeys(2, 1));
  await store.rewrap({});
  const after = readFileSync(pathOf(blobId));
  const { keysAt } = slotsOf(blobId);
  before.copy(after, keysAt, keysAt, keysAt + SLOT_BYTES);
  writeFileSync(pathOf(blobId), after);
  for (const keys of [testMasterKeys(1), testMasterKeys(2)]) {
    expect((await read(await open(keys), blobId)).equals(bytes)).toBe(true);
  }
  expect(await store.rewrap({})).toMatchObject({ rewrapped: 1 });
  expect(slotsOf(blobId).keys).toMatchObject([{ place: 1 }]);
});

test('a slot that was changed refuses the blob, and the other one makes it whole again', async () => {
  const blobId = await put(await open(testMasterKeys(1)));
  const whole = readFileSync(pathOf(blobId));
  const damaged = Buffer.from(whole);
  damaged[slotsOf(blobId).keysAt + SLOT_BYTES + 9] = 1;
  writeFileSync(pathOf(blobId), damaged);
  const store = await open(testMasterKeys(1));
  await expect(store.open(blobId)).rejects.toThrow('its key was changed');
  expect((await store.verify(blobId)).state).toBe('repaired');
  expect(readFileSync(pathOf(blobId)).equals(whole)).toBe(true);
  expect(readdirSync(join(root, 'blobs', 'incoming'))).toEqual([]);
});

test('files are listed and surveyed when a mirror went away', async () => {
  const roots = [join(root, 'blobs'), join(root, 'mirror')];
  const store = await open(null, roots);
  const blobId = await put(store);
  rmSync(join(root, 'mirror'), { recursive: true });
  expect(await allOf(store.list())).toMatchObject([{ blobId }]);
  expect(await allOf(store.survey())).toMatchObject([{ blobId }]);
});

test('only the last frame may be short, and a failed write ends the blob', async () => {
  const store = await open();
  {
    await using writer = await store.put();
    await writer.write(Buffer.alloc(5));
    await expect(writer.write(Buffer.alloc(5))).rejects.toThrow('only the last frame');
  }
  rmSync(join(root, 'blobs', 'incoming'), { recursive: true });
  await expect(store.put()).rejects.toThrow('ENOENT');
  mkdirSync(join(root, 'blobs', 'incoming'));
  expect(await allOf(store.list())).toEqual([]);
});
