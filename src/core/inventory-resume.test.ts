import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { snapshotIn, T0, type TestArrangement, testArrangement, VAULT } from '../../test/support/arrangement.ts';
import { newArchiveId, newBlobId } from '../model/ids.ts';
import { inventoryPages } from './inventories.ts';

let arrangement: TestArrangement;
let vaults = 0;
beforeAll(async () => {
  arrangement = await testArrangement();
});
afterAll(() => arrangement[Symbol.asyncDispose]());

interface Known {
  key: number;
  createdAtMs: number;
  isDeleted: boolean;
}

async function add(vaultKey: number, nowMs: number): Promise<Known> {
  const { archives } = arrangement.given.metadata;
  const id = newArchiveId();
  const blob = { blobId: newBlobId(), startByte: 0, sizeBytes: 1, treeHash: '' };
  await archives.add({ id, vaultKey, description: null, sizeBytes: 1, treeHash: '', blob, nowMs });
  const found = await archives.find({ accountId: VAULT.accountId, id });
  if (found === undefined) throw new Error('the archive is not there');
  return { key: found.key, createdAtMs: found.createdAtMs, isDeleted: false };
}

const instant = fc.option(fc.nat(6), { nil: null });
const scripts = fc.record({
  first: fc.array(fc.nat(5), { maxLength: 12 }),
  // Between two calls: archives that are deleted, by number, and instants of such that are added.
  between: fc.array(fc.record({ deleted: fc.array(fc.nat(20)), added: fc.array(fc.nat(5), { maxLength: 3 }) }), {
    minLength: 1,
    maxLength: 6,
  }),
  start: instant,
  end: instant,
  limit: fc.integer({ min: 1, max: 4 }),
  pageRows: fc.integer({ min: 1, max: 5 }),
});

test('calls that go on with the marker of the last list what was there at each, each archive once', async () => {
  await fc.assert(
    fc.asyncProperty(scripts, async ({ first, between, start, end, limit, pageRows }) => {
      const { metadata } = arrangement.given;
      vaults += 1;
      const name = { ...VAULT, name: `resumed-${vaults}` };
      await metadata.vaults.create({ ...name, nowMs: T0, vaultsMax: Number.POSITIVE_INFINITY });
      const vaultKey = (await metadata.vaults.find(name))?.key ?? 0;
      const known: Known[] = [];
      for (const later of first) known.push(await add(vaultKey, T0 + later));
      const range = { startAtMs: start === null ? null : T0 + start, endAtMs: end === null ? null : T0 + end };
      const seen: number[] = [];
      let after: { createdAtMs: number; archiveKey: number } | null = null;
      for (const { deleted, added } of between) {
        const snapshot = await snapshotIn(metadata, vaultKey);
        const selection = { vaultKey, snapshot, ...range, after, limit };
        const pages = inventoryPages(metadata.inventories, { selection, pageRows });
        const naive = known
          .filter(({ isDeleted }) => !isDeleted)
          .filter(({ createdAtMs }) => createdAtMs >= (range.startAtMs ?? 0))
          .filter(({ createdAtMs }) => createdAtMs < (range.endAtMs ?? Number.POSITIVE_INFINITY))
          .filter(({ key, createdAtMs }) => isAfter({ key, createdAtMs }, after))
          .sort((a, b) => a.createdAtMs - b.createdAtMs || a.key - b.key);
        const keys: number[] = [];
        let step = await pages.next();
        for (; step.done !== true; step = await pages.next()) {
          keys.push(...step.value.map(([key]) => key));
          // In the midst of the call, which must not notice.
          for (const later of added) known.push(await add(vaultKey, T0 + later));
          for (const pick of deleted) await remove(known[pick]);
        }
        expect(keys).toEqual(naive.slice(0, limit).map(({ key }) => key));
        seen.push(...keys);
        after = step.value.next;
        expect(after !== null).toBe(naive.length > limit);
        if (after === null) break;
      }
      expect(new Set(seen).size).toBe(seen.length);
    }),
    { numRuns: 60 },
  );
});

const isAfter = (
  { key, createdAtMs }: Omit<Known, 'isDeleted'>,
  after: { createdAtMs: number; archiveKey: number } | null,
): boolean =>
  after === null || createdAtMs > after.createdAtMs || (createdAtMs === after.createdAtMs && key > after.archiveKey);

async function remove(archive: Known | undefined): Promise<void> {
  if (archive === undefined || archive.isDeleted) return;
  archive.isDeleted = true;
  await arrangement.given.metadata.archives.delete({ archiveKey: archive.key, nowMs: T0 });
}
