import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateVaultCommand,
  DeleteArchiveCommand,
  DescribeVaultCommand,
  type GlacierClient,
  type InventoryRetrievalJobInput,
} from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ended, glacierClient, outputOf, startJob, uploadArchive } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** Inventories of a part of the vault: by date of creation, by number, and resumed with a marker. */
const vaultName = 'ranges';
const INVENTORY_MARKER = /^[A-Za-z0-9_-]{135}$/;

let server: TestServer;
let client: GlacierClient;
/** Archives of the first, the second and the third second, in order of their making. */
const early: string[] = [];
const middle: string[] = [];
const late: string[] = [];
let middleAt = 0;
let lateAt = 0;

beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  await upload(early, 5);
  middleAt = await nextSecond();
  await upload(middle, 7);
  lateAt = await nextSecond();
  await upload(late, 4);
});
afterAll(() => server[Symbol.asyncDispose]());

async function upload(ids: string[], count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    ids.push(await uploadArchive(client, { vaultName, body: Buffer.from([index]) }));
  }
}

/** Waits for a new second to begin, as dates without fractions tell them apart; returns its start. */
async function nextSecond(): Promise<number> {
  const start = (Math.floor(Date.now() / 1000) + 1) * 1000;
  while (Date.now() < start) await sleep(start - Date.now());
  return start;
}

async function inventory(parameters: InventoryRetrievalJobInput, vault = vaultName) {
  const jobId = await startJob(client, vault, {
    Type: 'inventory-retrieval',
    InventoryRetrievalParameters: parameters,
  });
  const job = await ended(client, vault, jobId);
  const { bytes } = await outputOf(client, { vaultName: vault, jobId });
  const ids: string[] = JSON.parse(bytes.toString()).ArchiveList.map((entry: { ArchiveId: string }) => entry.ArchiveId);
  expect(job.InventorySizeInBytes).toBe(bytes.length);
  return { ids, marker: job.InventoryRetrievalParameters?.Marker };
}

/** Asks again with the marker of the answer before, until there is none. */
async function resumed(parameters: InventoryRetrievalJobInput): Promise<string[][]> {
  const pages: string[][] = [];
  let marker: string | undefined;
  do {
    const page = await inventory({ ...parameters, ...(marker && { Marker: marker }) });
    pages.push(page.ids);
    if (page.marker !== undefined) expect(page.marker).toMatch(INVENTORY_MARKER);
    marker = page.marker;
  } while (marker !== undefined);
  return pages;
}

const at = (ms: number) => new Date(ms).toISOString();
const all = () => [...early, ...middle, ...late];

describe('StartDate and EndDate', () => {
  test('either alone, and both: the start is in, the end is out', async () => {
    const [start, end] = [at(middleAt), at(lateAt)];
    expect((await inventory({ StartDate: start })).ids).toEqual([...middle, ...late]);
    expect((await inventory({ EndDate: start })).ids).toEqual(early);
    expect((await inventory({ StartDate: start, EndDate: end })).ids).toEqual(middle);
    expect((await inventory({ StartDate: start, EndDate: start })).ids).toEqual([]);
  });

  test('are met to the millisecond', async () => {
    const name = 'exact';
    await client.send(new CreateVaultCommand({ accountId: '-', vaultName: name }));
    const only = await uploadArchive(client, { vaultName: name, body: Buffer.from('x') });
    // The only write to the vault, which this shows, was the making of the archive.
    const vault = await client.send(new DescribeVaultCommand({ accountId: '-', vaultName: name }));
    const madeAt = Date.parse(vault.LastInventoryDate ?? '');
    expect((await inventory({ StartDate: at(madeAt) }, name)).ids).toEqual([only]);
    expect((await inventory({ StartDate: at(madeAt + 1) }, name)).ids).toEqual([]);
    expect((await inventory({ EndDate: at(madeAt) }, name)).ids).toEqual([]);
    expect((await inventory({ EndDate: at(madeAt + 1) }, name)).ids).toEqual([only]);
  });

  test('in whole seconds, with an offset, and as a bare date', async () => {
    const seconds = at(middleAt).replace('.000Z', 'Z');
    expect((await inventory({ StartDate: seconds })).ids).toEqual([...middle, ...late]);
    const offset = at(middleAt + 2 * 3_600_000).replace('.000Z', '+02:00');
    expect((await inventory({ StartDate: offset })).ids).toEqual([...middle, ...late]);
    expect((await inventory({ StartDate: '2012-06-01' })).ids).toEqual(all());
    expect((await inventory({ EndDate: '2012-06-01' })).ids).toEqual([]);
    expect((await inventory({ StartDate: '2112-06-01' })).ids).toEqual([]);
  });
});

describe('Limit and Marker', () => {
  test.each([1, 3, 5, 15, 16, 17])(
    'by %i to the end: every archive once, in order, the marker null at the end',
    async (limit) => {
      const pages = await resumed({ Limit: String(limit) });
      expect(pages.flat()).toEqual(all());
      expect(pages).toHaveLength(Math.ceil(16 / limit));
      for (const page of pages.slice(0, -1)) expect(page).toHaveLength(limit);
    },
  );

  test('together with dates', async () => {
    const pages = await resumed({ StartDate: at(middleAt), EndDate: at(lateAt), Limit: '3' });
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(pages.flat()).toEqual(middle);
  });

  test('an inventory without a limit has no marker', async () => {
    expect(await inventory({})).toEqual({ ids: all(), marker: undefined });
  });

  test('a marker goes on rightly when archives come and go between the pages', async () => {
    const name = 'moving';
    await client.send(new CreateVaultCommand({ accountId: '-', vaultName: name }));
    const add = (text: string) => uploadArchive(client, { vaultName: name, body: Buffer.from(text) });
    const [a, b, c] = [await add('a'), await add('b'), await add('c')];
    const page = (Marker?: string) => inventory({ Limit: '2', ...(Marker && { Marker }) }, name);
    const first = await page();
    expect(first.ids).toEqual([a, b]);
    await client.send(new DeleteArchiveCommand({ accountId: '-', vaultName: name, archiveId: b }));
    const d = await add('d');
    expect(await page(first.marker)).toEqual({ ids: [c, d], marker: undefined });
  });
});
