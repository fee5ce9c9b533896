import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  T0,
  type TestArrangement,
  testArrangement,
  uploadBytes,
  uploadParts,
  VAULT,
} from '../../test/support/arrangement.ts';
import { damageBlob } from '../../test/support/damage.ts';
import type { Arrangement } from '../core/arrangement.ts';
import { readRange } from '../core/outputs.ts';
import type { FixityEvent } from '../model/fixity.ts';
import { DAY_MS, limits, MIB } from '../model/limits.ts';
import { readFixityLog } from '../telemetry/fixity-log.ts';
import { Scrub } from './scrub.ts';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const EVERY_MS = 30 * DAY_MS;
const bytesOf = (text: string, sizeBytes = 20): Buffer => Buffer.alloc(sizeBytes, text);

/** A scrub whose pauses pass at once and move the clock. */
function scrubOf({ given = {}, random = 0 }: { given?: Partial<Arrangement>; random?: number } = {}) {
  const { clock } = arrangement;
  const stopping = new AbortController();
  const pauses: number[] = [];
  const scrub = new Scrub({ ...arrangement.given, ...given } as Arrangement, {
    signal: stopping.signal,
    pause: async (durationMs) => {
      stopping.signal.throwIfAborted();
      pauses.push(durationMs);
      clock.atMs += Math.ceil(durationMs);
    },
    monotonicMs: () => clock.atMs,
    random: () => random,
  });
  return { scrub, stopping, pauses };
}

/** Plans, begins and finishes a pass. */
async function pass(scrub: Scrub): Promise<void> {
  for (let steps = 0; steps < 100; steps += 1) {
    const { news } = await scrub.step();
    if (news !== undefined) return;
  }
  throw new Error('the pass has no end');
}

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
const events = async (): Promise<FixityEvent[]> => allOf(readFixityLog(join(arrangement.directory, 'fixity')));
const archive = async (id: string) => {
  const found = await arrangement.given.metadata.archives.find({ accountId: VAULT.accountId, id });
  if (found === undefined) throw new Error('there is no such archive');
  return found;
};
const refsOf = async (id: string) => {
  const { key, sizeBytes } = await archive(id);
  return arrangement.given.metadata.archives.blobs({
    archiveKey: key,
    range: { startByte: 0, endByte: sizeBytes - 1 },
  });
};
const blobIdOf = async (id: string, index = 0): Promise<string> => (await refsOf(id))[index]?.blobId ?? '';

describe('a pass', () => {
  test('begins at a random moment, reads every archive once and leaves an event for each', async () => {
    const ids = [];
    for (const text of 'abc') ids.push(await uploadBytes(arrangement, bytesOf(text)));
    const { scrub } = scrubOf({ random: 0.5 });
    expect(await scrub.step()).toEqual({ done: 0, more: false });
    expect(await arrangement.given.metadata.scrub.find()).toMatchObject({ beginsAtMs: T0 + DAY_MS / 2, pass: null });
    expect(await scrub.step()).toEqual({ done: 0, more: false });
    expect(await events()).toEqual([]);
    arrangement.clock.atMs += DAY_MS / 2;
    await pass(scrub);
    const found = await events();
    expect(found.map(({ archiveId }) => archiveId)).toEqual(ids);
    expect(found[0]).toEqual({
      at: expect.stringMatching(/^2031-05-06T19:/),
      account: VAULT.accountId,
      vault: VAULT.name,
      archiveId: ids[0],
      sizeBytes: 20,
      treeHash: (await archive(ids[0] ?? '')).treeHash,
      by: 'scrub',
      result: 'intact',
      what: null,
    });
    expect(await arrangement.given.metadata.scrub.find()).toMatchObject({
      pass: null,
      finished: { archives: 3, damaged: 0 },
    });
    // The next one is due when most of the time is over, and not before.
    expect(await scrub.step()).toEqual({ done: 0, more: false });
    arrangement.clock.atMs += EVERY_MS;
    await pass(scrub);
    expect((await events()).map(({ archiveId }) => archiveId)).toEqual([...ids, ...ids]);
  });

  test('is never begun where there is no scrub', async () => {
    expect(await scrubOf({ given: { scrubEveryMs: null } }).scrub.step()).toEqual({ done: 0, more: false });
    expect(await arrangement.given.metadata.scrub.find()).toBeUndefined();
  });

  test('that a wrong clock has planned for a far day is planned again', async () => {
    const { scrub } = scrubOf();
    await arrangement.given.metadata.scrub.plan({ beginsAtMs: T0 + 400 * DAY_MS });
    await scrub.step();
    expect(await arrangement.given.metadata.scrub.find()).toMatchObject({ beginsAtMs: T0 });
  });

  test('goes on after a stop, and verifies none again before the others', async () => {
    const ids = [];
    for (let count = 0; count < 10; count += 1) ids.push(await uploadBytes(arrangement, bytesOf(`${count}`)));
    const { scrub, stopping } = scrubOf();
    await scrub.step();
    const { blobs } = arrangement.given;
    let reads = 0;
    const stoppingStore: Pick<typeof blobs, 'verify'> = {
      verify: (blobId, options) => {
        reads += 1;
        if (reads === 4) stopping.abort();
        return blobs.verify(blobId, options);
      },
    };
    const options = { signal: stopping.signal, pause: async () => undefined, monotonicMs: () => 0, random: () => 0 };
    const broken = new Scrub({ ...arrangement.given, blobs: stoppingStore as typeof blobs }, options);
    await broken.step();
    await arrangement.restart();
    expect((await events()).length).toBeLessThan(10);
    await pass(scrubOf().scrub);
    expect((await events()).map(({ archiveId }) => archiveId)).toEqual(ids);
  });

  test('goes on within an archive of many blobs, and remembers what it found there', async () => {
    const bytes = bytesOf('many', 4 * MIB);
    const id = await uploadParts(arrangement, { bytes, partSizeBytes: MIB });
    const blobIds = (await refsOf(id)).map(({ blobId }) => blobId);
    damageBlob(arrangement.blobsDirectory, blobIds[0] ?? '');
    const { blobs } = arrangement.given;
    const read: string[] = [];
    const { scrub, stopping, pauses } = scrubOf({
      given: {
        blobs: recording(blobs, read, () => {
          // Long enough for the place to be kept, until the server stops.
          arrangement.clock.atMs += limits.scrubNoteMs;
          if (read.length > limits.verifyAttemptsMax + 1) stopping.abort();
          stopping.signal.throwIfAborted();
        }),
      },
    });
    await scrub.step();
    await scrub.step();
    expect(pauses).toContain(limits.verifyRetryPauseMs);
    expect(read).toEqual([...Array(limits.verifyAttemptsMax).fill(blobIds[0]), blobIds[1], blobIds[2]]);
    expect(await events()).toEqual([]);
    await arrangement.restart();
    read.length = 0;
    await pass(scrubOf({ given: { blobs: recording(arrangement.given.blobs, read) } }).scrub);
    expect(read).toEqual(blobIds.slice(2));
    expect(await events()).toEqual([
      expect.objectContaining({ archiveId: id, result: 'damaged', what: expect.stringContaining('bytes 0-1048575: ') }),
    ]);
  });
});

const recording = (blobs: Arrangement['blobs'], read: string[], onRead: () => void = () => undefined) =>
  ({
    verify: (blobId: string) => {
      read.push(blobId);
      onRead();
      return blobs.verify(blobId);
    },
  }) as unknown as Arrangement['blobs'];

describe('damage', () => {
  test('F-20 in one of many is named, told, listed and refused on read', async () => {
    const ids = [];
    for (let count = 0; count < 20; count += 1) ids.push(await uploadBytes(arrangement, bytesOf(`${count}`, 2000)));
    const [hit = '', gone = ''] = [ids[7], ids[13]];
    damageBlob(arrangement.blobsDirectory, await blobIdOf(hit), 1000);
    await arrangement.given.blobs.delete([await blobIdOf(gone)]);
    await pass(scrubOf().scrub);
    const bad = (await events()).filter(({ result }) => result !== 'intact');
    expect(bad.map(({ archiveId, result }) => [archiveId, result])).toEqual([
      [hit, 'damaged'],
      [gone, 'missing'],
    ]);
    expect(bad[0]?.what).toContain('bytes 0-1999: its bytes were changed');
    expect(arrangement.alarms).toHaveLength(2);
    const { archives, more } = await arrangement.core.fixity.damaged();
    expect([archives.map(({ id }) => id), more]).toEqual([[hit, gone], false]);
    // What is missing is not forgotten.
    expect((await archive(gone)).deletedAtMs).toBeNull();
    const range = { startByte: 0, endByte: 1999 };
    for (const id of [hit, gone]) {
      const refs = await refsOf(id);
      await expect(allOf(readRange(arrangement.given, { refs, range }))).rejects.toThrow(/damaged|missing/);
    }
    expect(arrangement.alarms).toHaveLength(4);
  });

  test('is what is found again after a while; what was a slip of the disk is not', async () => {
    const id = await uploadBytes(arrangement, bytesOf('x'));
    const { blobs } = arrangement.given;
    let calls = 0;
    const slipping = {
      verify: (blobId: string) => {
        calls += 1;
        if (calls < limits.verifyAttemptsMax)
          return Promise.resolve({ state: 'damaged', treeHash: null, what: 'a slip' });
        return blobs.verify(blobId);
      },
    } as unknown as typeof blobs;
    const { scrub, pauses } = scrubOf({ given: { blobs: slipping } });
    await pass(scrub);
    expect(await events()).toEqual([expect.objectContaining({ archiveId: id, result: 'intact' })]);
    expect(pauses).toEqual([limits.verifyRetryPauseMs, limits.verifyRetryPauseMs]);
  });

  test('is not what is missing of an archive that was deleted meanwhile', async () => {
    const id = await uploadBytes(arrangement, bytesOf('x'));
    const { blobs } = arrangement.given;
    const deleting = {
      verify: async (blobId: string) => {
        await arrangement.core.archives.delete({ vault: VAULT, id });
        await blobs.delete([blobId]);
        return blobs.verify(blobId);
      },
    } as unknown as typeof blobs;
    await pass(scrubOf({ given: { blobs: deleting } }).scrub);
    expect(await events()).toEqual([]);
    expect(arrangement.alarms).toEqual([]);
  });

  test('is also other bytes under the right name, and rows that do not fit', async () => {
    const [one, two] = [await uploadBytes(arrangement, bytesOf('1')), await uploadBytes(arrangement, bytesOf('2'))];
    const { blobs } = arrangement.given;
    const [own, other] = [await blobIdOf(one), await blobIdOf(two)];
    const swapped = { verify: (id: string) => blobs.verify(id === own ? other : id) } as unknown as typeof blobs;
    await pass(scrubOf({ given: { blobs: swapped } }).scrub);
    const found = await events();
    expect(found.find(({ archiveId }) => archiveId === one)).toMatchObject({
      result: 'damaged',
      what: expect.stringMatching(/^bytes 0-19: the blob \S+ has the tree hash \w{64}, and \w{64} was stored$/),
    });
    expect(found.find(({ archiveId }) => archiveId === two)).toMatchObject({ result: 'intact' });
  });
});

describe('the pace', () => {
  test('waits between the frames of one archive', async () => {
    await uploadBytes(arrangement, bytesOf('x', 12 * MIB));
    const { scrub, pauses } = scrubOf();
    await pass(scrub);
    expect(pauses.length).toBeGreaterThanOrEqual(8);
    const waitedMs = pauses.reduce((sum, ms) => sum + ms, 0);
    const bytes = 12 * MIB + limits.archiveOverheadBytes - limits.scrubBurstBytes;
    expect(waitedMs).toBeCloseTo((bytes / limits.scrubBytesPerSecondMin) * 1000, -2);
  });

  test('lets downloads go first where there are many', async () => {
    await uploadBytes(arrangement, bytesOf('x'));
    const ids = Array.from({ length: limits.scrubYieldDownloads }, (_, index) => `${index}`);
    using _ = arrangement.given.downloads.keep(ids);
    const { scrub, pauses } = scrubOf();
    for (let steps = 0; steps < 3; steps += 1) await scrub.step();
    expect(pauses).toEqual([limits.scrubYieldMs, limits.scrubYieldMs]);
    expect(await events()).toHaveLength(1);
  });
});
