import { hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ABOUT, testMasterKeys } from '../../../test/support/blob-fixtures.ts';
import { KIB } from '../../model/limits.ts';
import { BlobMissingError } from '../blob-store.ts';
import { SegmentStore } from './segment-store.ts';

/** Whatever is done in whatever order, by many at once and over restarts, the store has what a Map has. */
const stepsOf = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('add' as const), sizes: fc.array(fc.nat(6000), { maxLength: 12 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('delete' as const), picks: fc.array(fc.nat(), { maxLength: 8 }) }),
    },
    { weight: 2, arbitrary: fc.constant({ kind: 'compact' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'settle' as const }) },
  ),
  { minLength: 4, maxLength: 30 },
);

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

describe.each([
  { name: 'plain', masterKeys: null },
  { name: 'encrypted', masterKeys: testMasterKeys(1) },
])('$name', ({ masterKeys }) => {
  test('a store is a map', async () => {
    await fc.assert(
      fc.asyncProperty(stepsOf, fc.boolean(), async (steps, isMirrored) => {
        const parent = mkdtempSync(join(tmpdir(), 'moraine-segments-'));
        mkdirSync(join(parent, 'other'));
        const first = join(parent, 'segments');
        const directories: [string, string?] = isMirrored ? [first, join(parent, 'other', 'segments')] : [first];
        const open = () => SegmentStore.open({ directories, masterKeys, segmentBytesMax: 32 * KIB });
        let store = await open();
        try {
          const blobs = new Map<string, Buffer>();
          const deleted = new Set<string>();
          let running: Promise<unknown>[] = [];
          let count = 0;
          const add = async (size: number) => {
            const bytes = Buffer.alloc(size, `${count++} `);
            blobs.set(await store.add({ bytes, leaf: hash('sha256', bytes, 'buffer'), about: ABOUT }), bytes);
          };
          const remove = async (picks: number[]) => {
            const ids = [...blobs.keys()];
            const chosen = [...new Set(picks.flatMap((pick) => ids[pick % ids.length] ?? []))];
            for (const id of chosen) blobs.delete(id);
            for (const id of chosen) deleted.add(id);
            await store.delete(chosen);
          };
          for (const step of steps) {
            if (step.kind === 'add') running.push(...step.sizes.map(add));
            if (step.kind === 'delete') running.push(remove(step.picks));
            if (step.kind === 'compact') running.push(store.compact());
            if (step.kind === 'settle' || step.kind === 'restart')
              running = [void (await Promise.all(running))].map(async () => undefined);
            if (step.kind === 'restart') {
              await store[Symbol.asyncDispose]();
              store = await open();
            }
          }
          await Promise.all(running);
          for (const [id, bytes] of blobs) expect((await store.read(id)).bytes).toEqual(bytes);
          for (const id of deleted) await expect(store.read(id)).rejects.toThrow(BlobMissingError);
          expect((await collect(store.list())).map(({ blobId }) => blobId).sort()).toEqual([...blobs.keys()].sort());
          const surveyed = await collect(store.survey());
          expect(surveyed.map((found) => ('blobId' in found ? found.blobId : found.fault)).sort()).toEqual(
            [...blobs.keys()].sort(),
          );
          await store.compact();
          for (const [id, bytes] of blobs) expect((await store.read(id)).bytes).toEqual(bytes);
          for (const id of blobs.keys()) expect((await store.verify(id)).state).toBe('intact');
        } finally {
          await store[Symbol.asyncDispose]();
          rmSync(parent, { recursive: true, force: true });
        }
      }),
      { numRuns: Number(process.env.RUNS ?? 15) },
    );
  }, 120_000);
});
