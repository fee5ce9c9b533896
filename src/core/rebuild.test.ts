import { afterEach, beforeEach, expect, test } from 'vitest';
import { T0, type TestArrangement, testArrangement, VAULT } from '../../test/support/arrangement.ts';
import type { BlobStore, Surveyed } from '../blobs/blob-store.ts';
import type { BlobRef } from '../model/archives.ts';
import { formatAssembly } from '../model/assembly.ts';
import type { BlobAbout } from '../model/blob-about.ts';
import { newArchiveId, newBlobId, newUploadId } from '../model/ids.ts';
import { limits, MIB } from '../model/limits.ts';
import { combine } from '../tree-hash/nodes.ts';
import { Rebuild } from './rebuild.ts';

/** A store that is nothing but what it says of its blobs, and the lists of parts. */
let arrangement: TestArrangement;
let found: Map<string, Surveyed>;
let lists: Map<string, Buffer>;
beforeEach(async () => {
  arrangement = await testArrangement();
  found = new Map();
  lists = new Map();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const vault = { ...VAULT, createdAtMs: T0 };
const hashOf = (blobId: string) => blobId.repeat(2);

function put(about: BlobAbout | null, sizeBytes = MIB): BlobRef {
  const blobId = newBlobId();
  found.set(blobId, { blobId, about, sizeBytes, linearHash: null, treeHash: hashOf(blobId) });
  return { blobId, startByte: 0, sizeBytes, treeHash: hashOf(blobId) };
}
const putArchive = (facts: { archiveId?: string; of?: typeof vault } = {}) => {
  const { archiveId = newArchiveId(), of = vault } = facts;
  put({ kind: 'archive', archiveId, vault: of, description: 'd', createdAtMs: T0 + 7 }, 5);
  return archiveId;
};
const partAbout = { kind: 'part' as const, uploadId: newUploadId(T0), vault, description: null, partSizeBytes: MIB };
const putPart = (index: number): BlobRef => ({
  ...put({ ...partAbout, startByte: index * MIB, createdAtMs: T0 }),
  startByte: index * MIB,
});
function putList(parts: readonly BlobRef[]): string {
  const archiveId = newArchiveId();
  const treeHash = combine(Buffer.from(parts.map((part) => part.treeHash).join(''), 'hex')).toString('hex');
  const facts = { archiveId, vault, description: null, createdAtMs: T0 + 9 };
  const { blobId } = put({ kind: 'assembly', ...facts, sizeBytes: parts.length * MIB, treeHash });
  lists.set(blobId, formatAssembly(parts));
  return archiveId;
}

const store = {
  async *survey() {
    yield* found.values();
  },
  stat: async (blobId: string) => (found.has(blobId) ? { sizeBytes: 1 } : undefined),
  open: async (blobId: string) => {
    const list = lists.get(blobId) ?? Buffer.alloc(0);
    return { sizeBytes: list.length, readFrame: async () => list, [Symbol.asyncDispose]: async () => undefined };
  },
} as unknown as BlobStore;

async function rebuilt() {
  const problems: string[] = [];
  const sources = { ...arrangement.given, blobs: store };
  const onProblem = ({ kind, text }: { kind: string; text: string }) => problems.push(`${kind}: ${text}`);
  const report = await new Rebuild(sources, { onProgress: () => undefined, onProblem }).run();
  return { report, problems };
}
const find = (id: string) => arrangement.given.metadata.archives.find({ accountId: VAULT.accountId, id });

test('archives are added, many of them and once, and counted in their vault', async () => {
  const ids = Array.from({ length: limits.rebuildRowsMax * 2 + 3 }, () => putArchive());
  const { report, problems } = await rebuilt();
  expect(problems).toEqual([]);
  expect(report.archives).toEqual({ restored: ids.length, known: 0, deleted: 0, bytesRestored: ids.length * 5 });
  expect(await find(ids.at(-1) ?? '')).toMatchObject({ description: 'd', sizeBytes: 5, createdAtMs: T0 + 7 });
  const now = await arrangement.given.metadata.vaults.find(VAULT);
  expect(now).toMatchObject({ archiveCount: ids.length, archiveBytes: ids.length * 5, writtenAtMs: T0 + 7 });
  expect((await rebuilt()).report.archives).toMatchObject({ restored: 0, known: ids.length });
});

test('what the metadata know as deleted, or have given up, does not come back', async () => {
  const [deleted, swept] = [putArchive(), putArchive()];
  const [, sweptBlob] = [...found.keys()];
  await arrangement.given.metadata.reclaim.addUnknown([sweptBlob ?? '']);
  await rebuilt();
  const archive = await find(deleted);
  await arrangement.given.metadata.archives.delete({ archiveKey: archive?.key ?? 0, nowMs: T0 + 9 });
  const { report } = await rebuilt();
  expect(report.archives).toMatchObject({ restored: 0, known: 0, deleted: 2 });
  expect(await find(deleted)).toMatchObject({ deletedAtMs: expect.any(Number) });
  expect(await find(swept)).toBeUndefined();
});

test('parts become what lists say, and those of no list are counted, in whatever order they are met', async () => {
  const before = putPart(0);
  const id = putList([before, { ...putPart(1) }]);
  const late = putPart(0);
  const lateId = putList([late]);
  found.delete(late.blobId);
  found.set(late.blobId, { blobId: late.blobId, about: null, sizeBytes: MIB, linearHash: null, treeHash: '' });
  putPart(0);
  const { report, problems } = await rebuilt();
  expect(problems).toEqual([]);
  expect(report).toMatchObject({ archives: { restored: 2 }, left: { parts: 1, lists: 0, undescribed: 0 } });
  const archive = await find(id);
  const range = { startByte: 0, endByte: 2 * MIB - 1 };
  expect(await arrangement.given.metadata.archives.blobs({ archiveKey: archive?.key ?? 0, range })).toHaveLength(2);
  expect(await find(lateId)).toMatchObject({ sizeBytes: MIB });
});

test('a list that lacks a part is told of, one that lacks all makes nothing, and a changed one is damage', async () => {
  const parts = [putPart(0), putPart(1)];
  const lacking = putList(parts);
  found.delete(parts[1]?.blobId ?? '');
  const gone = putPart(0);
  const deleted = putList([gone]);
  found.delete(gone.blobId);
  const changed = putList([putPart(0)]);
  lists.set([...lists.keys()].at(-1) ?? '', formatAssembly([{ ...parts[0]!, sizeBytes: 7 }]));
  const { report, problems } = await rebuilt();
  expect(problems).toEqual(
    [
      `damaged: the list of the parts of ${shown(changed)} does not make up the archive`,
      `missing: ${shown(lacking)} lacks the part that starts at byte ${MIB}`,
    ].sort((one) => (one.startsWith('missing') ? -1 : 1)),
  );
  expect(report).toMatchObject({ archives: { restored: 1 }, left: { lists: 1 } });
  expect(await find(deleted)).toBeUndefined();
});
const shown = (archiveId: string) =>
  `the archive ${archiveId} of the vault 111122223333:vault of 2031-05-06T07:08:09.123Z`;

test('an upload that the metadata know as open was completed since', async () => {
  const id = await arrangement.core.uploads.initiate({ vault: VAULT, description: null, partSizeBytes: MIB });
  const { metadata } = arrangement.given;
  const upload = await metadata.uploads.find({ vaultKey: 1, id });
  const [part, replaced] = [putPart(0), putPart(1)];
  for (const next of [part, replaced]) {
    await metadata.uploads.putPart({ uploadKey: upload?.key ?? 0, part: next, nowMs: T0 });
  }
  const archiveId = putList([part]);
  expect((await rebuilt()).report).toMatchObject({ archives: { restored: 1 } });
  expect(await metadata.uploads.find({ vaultKey: 1, id })).toMatchObject({ state: 'completed', archiveId });
  await metadata.reclaim.gather({ limit: 10 });
  expect(await metadata.reclaim.list({ limit: 10 })).toEqual([replaced.blobId]);
});

test('a vault that was made again under its name since is a conflict, and so is what is in it', async () => {
  const later = { ...vault, createdAtMs: T0 + 1000 };
  await arrangement.given.vaultRecords.add([later]);
  const id = putArchive({ of: later });
  const { report, problems } = await rebuilt();
  expect(report).toMatchObject({ problems: { conflicts: 2 }, left: { otherVaults: 1 }, archives: { restored: 0 } });
  expect(problems[0]).toContain('is not added: the metadata have one of that name, made at another time');
  expect(await find(id)).toBeUndefined();
});

test('bytes that cannot be read and rows that have none are named', async () => {
  found.set('x', { place: 'somewhere', fault: 'is torn' });
  const id = putArchive();
  await rebuilt();
  found.clear();
  const { report, problems } = await rebuilt();
  expect(problems).toEqual([`missing: the archive ${id} of the vault 111122223333:vault has no bytes`]);
  expect(report.problems).toEqual({ damaged: 0, missing: 1, conflicts: 0 });
});
