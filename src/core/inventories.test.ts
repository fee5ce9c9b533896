import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyText } from '../../test/support/any-text.ts';
import { snapshotIn, T0, type TestArrangement, testArrangement } from '../../test/support/arrangement.ts';
import type { InventoryRow } from '../metadata/inventories.ts';
import { newArchiveId, newBlobId } from '../model/ids.ts';
import type { Snapshot } from '../model/vaults.ts';
import { type InventoryEnd, type InventoryLine, inventoryPages, inventoryText } from './inventories.ts';

const ACCOUNT = '111122223333';

describe('the pages of an inventory', () => {
  let arrangement: TestArrangement;
  let vaultKey = 0;
  let known: { key: number; createdAtMs: number; isListed: boolean }[] = [];
  let snapshot: Snapshot;

  beforeAll(async () => {
    arrangement = await testArrangement();
    const { metadata } = arrangement.given;
    vaultKey = (await metadata.vaults.find({ accountId: ACCOUNT, name: 'vault' }))?.key ?? 0;
    const add = async (createdAtMs: number, isListed: boolean) => {
      const id = newArchiveId();
      const blob = { blobId: newBlobId(), startByte: 0, sizeBytes: 1, treeHash: '' };
      const facts = { id, vaultKey, description: null, sizeBytes: 1, treeHash: '' };
      await metadata.archives.add({ ...facts, blob, nowMs: createdAtMs });
      const archive = await metadata.archives.find({ accountId: ACCOUNT, id });
      known.push({ key: archive?.key ?? 0, createdAtMs, isListed });
    };
    for (const laterMs of [9, 3, 3, 50, 0, 7, 3, 9, 9, 20, 1]) await add(T0 + laterMs, laterMs !== 7);
    await add(T0 + 3, false);
    for (const { key: archiveKey, isListed } of known) {
      if (!isListed) await metadata.archives.delete({ archiveKey, nowMs: T0 + 51 });
    }
    snapshot = await snapshotIn(metadata, vaultKey);
    await add(T0 + 60, false);
    known = known.sort((a, b) => a.createdAtMs - b.createdAtMs || a.key - b.key);
  });
  afterAll(() => arrangement[Symbol.asyncDispose]());

  const instant = fc.option(
    fc.integer({ min: 0, max: 61 }).map((laterMs) => T0 + laterMs),
    { nil: null },
  );
  const selections = fc.record({
    startAtMs: instant,
    endAtMs: instant,
    limit: fc.option(fc.integer({ min: 1, max: 14 }), { nil: null }),
    afterIndex: fc.option(fc.nat(11), { nil: null }),
    pageRows: fc.integer({ min: 1, max: 13 }),
  });

  test('are a slice of the naive list, and the end tells where to go on', async () => {
    await fc.assert(
      fc.asyncProperty(selections, async ({ startAtMs, endAtMs, limit, afterIndex, pageRows }) => {
        const last = afterIndex === null ? undefined : known[afterIndex];
        const after = last === undefined ? null : { createdAtMs: last.createdAtMs, archiveKey: last.key };
        const selection = { vaultKey, snapshot, startAtMs, endAtMs, after, limit };
        const { inventories } = arrangement.given.metadata;
        const { keys, end } = await collect(inventoryPages(inventories, { selection, pageRows }), pageRows);
        const naive = known
          .filter((_, index) => afterIndex === null || index > afterIndex)
          .filter(({ isListed }) => isListed)
          .filter(({ createdAtMs }) => startAtMs === null || createdAtMs >= startAtMs)
          .filter(({ createdAtMs }) => endAtMs === null || createdAtMs < endAtMs);
        const listed = naive.slice(0, limit ?? naive.length);
        expect(keys).toEqual(listed.map(({ key }) => key));
        const stoppedAt = listed.at(-1);
        const more = listed.length < naive.length && stoppedAt !== undefined;
        expect(end.next).toEqual(more ? { createdAtMs: stoppedAt.createdAtMs, archiveKey: stoppedAt.key } : null);
      }),
      { numRuns: 300 },
    );
  });
});

test('a page of few archives steps over many that are not listed in pages of the usual size', async () => {
  const limits: number[] = [];
  const page = async ({ after, limit }: { after: { archiveKey: number }; limit: number }) => {
    limits.push(limit);
    const keys = Array.from({ length: limit }, (_, index) => after.archiveKey + 1 + index).filter((key) => key < 1000);
    // The first and the last are listed.
    return keys.map((key): InventoryRow => [key, T0, key % 999 === 0 ? 'id' : null, null, 1, '']);
  };
  const snapshot = { lastKey: 1000, atMs: T0 };
  const selection = { vaultKey: 1, snapshot, startAtMs: null, endAtMs: null, after: null, limit: 1 };
  const { keys, end } = await collect(inventoryPages({ page }, { selection, pageRows: 400 }), 400);
  expect([keys, end.next]).toEqual([[0], { createdAtMs: T0, archiveKey: 0 }]);
  expect(limits).toEqual([2, 400, 400, 400]);
});

async function collect(
  pages: AsyncGenerator<InventoryLine[], InventoryEnd, void>,
  pageRows: number,
): Promise<{ keys: number[]; end: InventoryEnd }> {
  const keys: number[] = [];
  for (;;) {
    const step = await pages.next();
    if (step.done === true) return { keys, end: step.value };
    expect(step.value.length).toBeGreaterThan(0);
    expect(step.value.length).toBeLessThanOrEqual(pageRows);
    keys.push(...step.value.map(([key]) => key));
  }
}

const archiveOf = (
  id: string,
  {
    description = null,
    sizeBytes = 5,
    createdAtMs = T0,
  }: { description?: string | null; sizeBytes?: number; createdAtMs?: number } = {},
): InventoryRow => [1, createdAtMs, id, description, sizeBytes, 'ab'];

describe('an inventory as text', () => {
  const vaultArn = 'arn:aws:glacier:us-east-1:111122223333:vaults/v';
  const everything = {
    vaultKey: 1,
    snapshot: { lastKey: 9, atMs: T0 },
    startAtMs: null,
    endAtMs: null,
    after: null,
    limit: null,
  };

  /** The text of these archives, in pages of two, through buffers of so many bytes. */
  async function textOf(format: 'CSV' | 'JSON', rows: InventoryRow[], bufferBytes = 4096): Promise<string> {
    const left = rows.map((row, index): InventoryRow => [index, ...row.slice(1)] as unknown as InventoryRow);
    const page = async ({ after, limit }: { after: { archiveKey: number }; limit: number }) =>
      left.slice(after.archiveKey + 1, after.archiveKey + 1 + limit);
    const request = { selection: everything, format, vaultArn, inventoryAtMs: T0, pageRows: 2 };
    const pieces: string[] = [];
    const buffer = Buffer.alloc(bufferBytes);
    for await (const piece of inventoryText({ page }, request, () => buffer.fill(0))) {
      expect(piece.length).toBeGreaterThan(0);
      pieces.push(piece.toString());
    }
    return pieces.join('');
  }
  const plain = archiveOf('A', { description: 'x' });
  const none = archiveOf('B', { sizeBytes: 40_000_000_000_000 });
  const odd = archiveOf('C', { description: 'a,1"2 \\ <é>' });

  test('JSON is one line, members in the order of the guide, seconds, and "" for no description', async () => {
    expect(await textOf('JSON', [plain, none, odd])).toBe(
      '{"VaultARN":"arn:aws:glacier:us-east-1:111122223333:vaults/v","InventoryDate":"2031-05-06T07:08:09Z","ArchiveList":[' +
        '{"ArchiveId":"A","ArchiveDescription":"x","CreationDate":"2031-05-06T07:08:09Z","Size":5,"SHA256TreeHash":"ab"},' +
        '{"ArchiveId":"B","ArchiveDescription":"","CreationDate":"2031-05-06T07:08:09Z","Size":40000000000000,"SHA256TreeHash":"ab"},' +
        '{"ArchiveId":"C","ArchiveDescription":"a,1\\"2 \\\\ <é>","CreationDate":"2031-05-06T07:08:09Z","Size":5,"SHA256TreeHash":"ab"}]}',
    );
  });

  test('an empty JSON inventory has an empty list', async () => {
    expect(await textOf('JSON', [])).toBe(
      `{"VaultARN":"${vaultArn}","InventoryDate":"2031-05-06T07:08:09Z","ArchiveList":[]}`,
    );
  });

  test('CSV quotes the description alone, escapes quotes with a backslash and backslashes not at all', async () => {
    const lone = archiveOf('D', { description: '\\' });
    expect(await textOf('CSV', [plain, none, odd, lone])).toBe(
      'ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n' +
        'A,"x",2031-05-06T07:08:09Z,5,ab\n' +
        'B,"",2031-05-06T07:08:09Z,40000000000000,ab\n' +
        'C,"a,1\\"2 \\ <é>",2031-05-06T07:08:09Z,5,ab\n' +
        'D,"\\",2031-05-06T07:08:09Z,5,ab\n',
    );
  });

  test('an empty CSV inventory is its header', async () => {
    expect(await textOf('CSV', [])).toBe('ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n');
  });

  const description = fc.oneof(
    fc.string({ unit: fc.constantFrom('"', '\\', 'a', ' '), maxLength: 1024 }),
    fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 1024 }),
    // Nothing of this is accepted today, and nothing of it may break an inventory.
    anyText(),
  );
  const archives = fc.array(
    fc
      .record({
        description: fc.option(description, { nil: null }),
        sizeBytes: fc.maxSafeNat(),
        createdAtMs: fc.integer({ min: 0, max: Date.parse('9999-12-31T23:59:59.999Z') }),
      })
      .map((facts) => archiveOf('an-Id_1', facts)),
    { maxLength: 6 },
  );

  test('is the plain rendering of any archives, however small the buffers', async () => {
    await fc.assert(
      fc.asyncProperty(archives, fc.integer({ min: 3 * 6 * 1100, max: 30_000 }), async (rows, bufferBytes) => {
        expect(await textOf('JSON', rows, bufferBytes)).toBe(plainJson(rows));
        expect(await textOf('CSV', rows, bufferBytes)).toBe(plainCsv(rows));
      }),
      { numRuns: 200 },
    );
  });

  const secondsOf = (atMs: number) => new Date(atMs).toISOString().replace(/\.\d+/, '');

  function plainJson(rows: readonly InventoryRow[]): string {
    return JSON.stringify({
      VaultARN: vaultArn,
      InventoryDate: secondsOf(T0),
      ArchiveList: rows.map(([, createdAtMs, ArchiveId, said, Size, SHA256TreeHash]) => ({
        ArchiveId,
        ArchiveDescription: said ?? '',
        CreationDate: secondsOf(createdAtMs),
        Size,
        SHA256TreeHash,
      })),
    });
  }

  function plainCsv(rows: readonly InventoryRow[]): string {
    const lines = rows.map(([, createdAtMs, id, said, sizeBytes, treeHash]) =>
      [id, `"${(said ?? '').split('"').join('\\"')}"`, secondsOf(createdAtMs), sizeBytes, treeHash].join(),
    );
    return ['ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash', ...lines, ''].join('\n');
  }
});
