import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  chunksOf,
  hashesOf,
  T0,
  type TestArrangement,
  testArrangement,
  uploadParts,
  VAULT,
} from '../../test/support/arrangement.ts';
import { noise, treeHash } from '../../test/support/hashes.ts';
import { readBlob } from '../blobs/read-blob.ts';
import { parseAssembly } from '../model/assembly.ts';
import type { AssemblyAbout } from '../model/blob-about.ts';
import { wholeOf } from '../model/byte-range.ts';
import { MIB } from '../model/limits.ts';

let arrangement: TestArrangement;
let stored: { blobId: string; about: AssemblyAbout }[] = [];
beforeEach(async () => {
  arrangement = await testArrangement();
  stored = [];
  const { blobs } = arrangement.given;
  const put = blobs.put.bind(blobs);
  vi.spyOn(blobs, 'put').mockImplementation(async () => {
    const writer = await put();
    const commit = writer.commit.bind(writer);
    writer.commit = async (about) => {
      const blobId = await commit(about);
      if (about.kind === 'assembly') stored.push({ blobId, about });
      return blobId;
    };
    return writer;
  });
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const bytes = noise(1.5 * MIB);
const opened = () => arrangement.core.uploads.initiate({ vault: VAULT, description: 'notes', partSizeBytes: 2 * MIB });
const putPart = (id: string) =>
  arrangement.core.uploads.putPart({
    name: { vault: VAULT, id },
    range: wholeOf(bytes.length),
    claimed: hashesOf(bytes),
    body: chunksOf(bytes),
  });
const complete = (id: string, { sizeBytes = bytes.length } = {}) =>
  arrangement.core.uploads.complete({ name: { vault: VAULT, id }, sizeBytes, treeHash: treeHash(bytes) });

/** What was stored as a list of parts: what was said of it, and the parts that it names. */
async function lists() {
  const { blobs } = arrangement.given;
  return Promise.all(
    stored.map(async ({ blobId, about }) => {
      const list = await readBlob(blobs, { blobId, sizeBytesMax: MIB });
      return { blobId, about, parts: parseAssembly(list ?? Buffer.alloc(0)) };
    }),
  );
}

const givenUp = () => arrangement.given.metadata.reclaim.list({ limit: 100 });

test('beside the parts stands what they make up, as the row has it', async () => {
  const archiveId = await uploadParts(arrangement, { bytes, partSizeBytes: MIB });
  const { metadata } = arrangement.given;
  const archive = await metadata.archives.find({ accountId: VAULT.accountId, id: archiveId });
  const parts = await metadata.archives.blobs({ archiveKey: archive?.key ?? 0, range: wholeOf(bytes.length) });
  expect(parts).toHaveLength(2);
  expect(await lists()).toEqual([
    {
      blobId: expect.any(String),
      about: {
        kind: 'assembly',
        archiveId,
        vault: { ...VAULT, createdAtMs: T0 },
        description: null,
        createdAtMs: archive?.createdAtMs,
        sizeBytes: bytes.length,
        treeHash: treeHash(bytes),
      },
      parts,
    },
  ]);
  expect(await givenUp()).toEqual([]);
});

test('what is refused, and what was completed before, is answered without a list', async () => {
  const id = await opened();
  await putPart(id);
  await expect(complete(id, { sizeBytes: 7 })).rejects.toThrow('Invalid x-amz-archive-size: 7.');
  expect(await lists()).toEqual([]);
  const first = await complete(id);
  expect(await complete(id)).toEqual(first);
  expect(await lists()).toHaveLength(1);
  expect(await givenUp()).toEqual([]);
});

test('a part that comes in between is in the list that counts; the other list is given up', async () => {
  const id = await opened();
  await putPart(id);
  const { uploads } = arrangement.given.metadata;
  const { assemble } = uploads;
  vi.spyOn(uploads, 'assemble').mockImplementationOnce(async (asked) => {
    const assembled = await assemble(asked);
    await putPart(id);
    return assembled;
  });
  const { archiveId } = await complete(id);
  const { metadata } = arrangement.given;
  const archive = await metadata.archives.find({ accountId: VAULT.accountId, id: archiveId });
  const parts = await metadata.archives.blobs({ archiveKey: archive?.key ?? 0, range: wholeOf(bytes.length) });
  const [stale, counts] = (await lists()).sort((one) => (one.about.archiveId === archiveId ? 1 : -1));
  expect(counts).toMatchObject({ about: { archiveId }, parts });
  expect(await givenUp()).toHaveLength(2);
  expect(await givenUp()).toEqual(expect.arrayContaining([stale?.blobId, stale?.parts?.[0]?.blobId]));
});

test('parts that never stop changing end in an error that leaves the upload open', async () => {
  const id = await opened();
  await putPart(id);
  const { uploads } = arrangement.given.metadata;
  const completing = vi.spyOn(uploads, 'complete').mockResolvedValue({ outcome: 'changed' });
  await expect(complete(id)).rejects.toThrow('changed 10 times');
  completing.mockRestore();
  expect(await givenUp()).toHaveLength(10);
  expect(await complete(id)).toMatchObject({ treeHash: treeHash(bytes) });
});

test('two at once make one archive, and one of the lists is given up', async () => {
  const id = await opened();
  await putPart(id);
  const [one, other] = await Promise.all([complete(id), complete(id)]);
  expect(one).toEqual(other);
  expect((await lists()).length - (await givenUp()).length).toBe(1);
});

test('an upload that is aborted in between is gone', async () => {
  const id = await opened();
  await putPart(id);
  const { uploads } = arrangement.given.metadata;
  const { assemble } = uploads;
  vi.spyOn(uploads, 'assemble').mockImplementationOnce(async (asked) => {
    const assembled = await assemble(asked);
    await arrangement.core.uploads.abort({ vault: VAULT, id });
    return assembled;
  });
  await expect(complete(id)).rejects.toThrow(`The upload ID was not found: ${id}`);
  const [list] = await lists();
  expect(await givenUp()).toEqual([list?.blobId]);
});
