import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { T0, type TestArrangement, testArrangement, testLog, VAULT } from '../../test/support/arrangement.ts';
import { wholeOf } from '../model/byte-range.ts';
import { newArchiveId, newBlobId } from '../model/ids.ts';
import { DAY_MS, limits } from '../model/limits.ts';
import { InventoryThread } from './inventory-thread.ts';
import { JobLoop } from './job-loop.ts';

const YEARS_MS = 3 * 365 * DAY_MS;
const { inventoryInPlaceRowsMax, inventoryPageRows, inventoryPieceBytes } = limits;

let arrangement: TestArrangement;
let vaultKey = 0;
beforeEach(async () => {
  arrangement = await testArrangement();
  vaultKey = (await arrangement.given.metadata.vaults.find(VAULT))?.key ?? 0;
});
afterEach(async () => {
  vi.restoreAllMocks();
  Object.assign(limits, { inventoryInPlaceRowsMax, inventoryPageRows, inventoryPieceBytes });
  await arrangement[Symbol.asyncDispose]();
});

async function add() {
  const { archives } = arrangement.given.metadata;
  const blob = { blobId: newBlobId(), startByte: 0, sizeBytes: 1, treeHash: '' };
  const facts = { id: newArchiveId(), vaultKey, description: 'x'.repeat(1000), sizeBytes: 1, treeHash: 'ab' };
  await archives.add({ ...facts, blob, nowMs: arrangement.clock.nowMs() });
  const found = await archives.find({ accountId: VAULT.accountId, id: facts.id });
  if (found === undefined) throw new Error('the archive is not there');
  return found;
}

const remove = ({ key: archiveKey }: { key: number }) =>
  arrangement.given.metadata.archives.delete({ archiveKey, nowMs: arrangement.clock.nowMs() });

/** The text of an inventory of now, and how many inventories the thread was asked for. */
async function inventoryNow(limit: number | null = null) {
  const read = vi.spyOn(InventoryThread.prototype, 'read');
  const asked = {
    vault: VAULT,
    description: null,
    snsTopic: null,
    startAtMs: null,
    endAtMs: null,
    limit,
    marker: null,
  };
  const id = await arrangement.core.jobs.retrieveInventory({ ...asked, format: 'JSON' });
  await using loop = new JobLoop(arrangement.given, testLog().log, { onMessage: () => undefined });
  loop.start();
  const name = { vault: VAULT, id };
  await vi.waitFor(async () => expect((await arrangement.core.jobs.describe(name)).status).toBe('Succeeded'), 8000);
  let text = '';
  for await (const piece of (await arrangement.core.jobs.output({ name, choose: wholeOf })).read()) text += piece;
  const { InventoryDate: date, ArchiveList: list } = JSON.parse(text);
  const reads = read.mock.calls.length;
  read.mockRestore();
  return { date, ids: list.map(({ ArchiveId }: { ArchiveId: string }) => ArchiveId), text, reads };
}

test('a deletion by a clock that was ahead dates neither later archives nor inventories', async () => {
  const { clock } = arrangement;
  const first = await add();
  clock.offByMs = YEARS_MS;
  await remove(first);
  clock.offByMs = 0;
  const found = [await add()];
  for (let count = 0; count < 2; count += 1) {
    const { date, ids } = await inventoryNow();
    expect(date).toBe(`${new Date(T0).toISOString().slice(0, 19)}Z`);
    expect(ids).toEqual(found.map(({ id }) => id));
    found.push(await add());
  }
  expect(found.map(({ createdAtMs }) => createdAtMs)).toEqual([T0, T0, T0]);
});

test('an inventory that steps over many archives goes on in the thread where it was, and is the same', async () => {
  const archives = [];
  for (let count = 0; count < 90; count += 1) archives.push(await add());
  for (const gone of archives.slice(30, 80)) await remove(gone);
  const inPlace = await inventoryNow();
  expect([inPlace.ids.length, inPlace.reads]).toEqual([40, 0]);
  Object.assign(limits, { inventoryInPlaceRowsMax: 45, inventoryPageRows: 5, inventoryPieceBytes: 8192 });
  const { text, reads } = await inventoryNow();
  expect(reads).toBe(1);
  expect(text === inPlace.text).toBe(true);
  expect((await inventoryNow(20)).reads).toBe(0);
});
