import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { T0, type TestArrangement, testArrangement } from '../../test/support/arrangement.ts';
import type { Archive } from '../model/archives.ts';
import { newArchiveId, newBlobId } from '../model/ids.ts';
import { type InventoryEnd, inventoryPages, inventoryWriter } from './inventories.ts';

const ACCOUNT = '111122223333';
const archiveOf = (facts: Partial<Archive>): Archive => ({
  key: 1,
  id: 'ID',
  vaultKey: 1,
  description: null,
  sizeBytes: 5,
  treeHash: 'ab',
  createdAtMs: T0,
  deletedAtMs: null,
  ...facts,
});

describe('the pages of an inventory', () => {
  let arrangement: TestArrangement;
  let vaultKey = 0;
  let known: { key: number; createdAtMs: number }[] = [];
  const snapshotAtMs = T0 + 50;

  beforeAll(async () => {
    arrangement = await testArrangement();
    const { metadata } = arrangement.given;
    vaultKey = (await metadata.vaults.find({ accountId: ACCOUNT, name: 'vault' }))?.key ?? 0;
    for (const laterMs of [9, 3, 3, 60, 0, 7, 3, 9, 9, 20, 1]) {
      const id = newArchiveId();
      const createdAtMs = T0 + laterMs;
      const blob = { blobId: newBlobId(), startByte: 0, sizeBytes: 1, treeHash: '' };
      const facts = { id, vaultKey, description: null, sizeBytes: 1, treeHash: '' };
      await metadata.archives.add({ ...facts, blob, nowMs: createdAtMs });
      const archive = await metadata.archives.find({ accountId: ACCOUNT, id });
      known.push({ key: archive?.key ?? 0, createdAtMs });
    }
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
    afterIndex: fc.option(fc.nat(10), { nil: null }),
    pageRows: fc.integer({ min: 1, max: 13 }),
  });

  test('are a slice of the naive list, and the end tells where to go on', async () => {
    await fc.assert(
      fc.asyncProperty(selections, async ({ startAtMs, endAtMs, limit, afterIndex, pageRows }) => {
        const last = afterIndex === null ? undefined : known[afterIndex];
        const after = last === undefined ? null : { createdAtMs: last.createdAtMs, archiveKey: last.key };
        const selection = { vaultKey, snapshotAtMs, startAtMs, endAtMs, after, limit };
        const { keys, end } = await collect(inventoryPages(arrangement.given, { selection, pageRows }), pageRows);
        const naive = known
          .filter((_, index) => afterIndex === null || index > afterIndex)
          .filter(({ createdAtMs }) => createdAtMs <= snapshotAtMs)
          .filter(({ createdAtMs }) => startAtMs === null || createdAtMs >= startAtMs)
          .filter(({ createdAtMs }) => endAtMs === null || createdAtMs < endAtMs);
        const listed = naive.slice(0, limit ?? naive.length);
        expect(keys).toEqual(listed.map(({ key }) => key));
        const stoppedAt = listed.at(-1);
        const more = listed.length < naive.length && stoppedAt !== undefined;
        expect(end.next).toEqual(more ? { createdAtMs: stoppedAt.createdAtMs, archiveKey: stoppedAt.key } : null);
      }),
      { numRuns: 200 },
    );
  });
});

async function collect(
  pages: AsyncGenerator<Archive[], InventoryEnd, void>,
  pageRows: number,
): Promise<{ keys: number[]; end: InventoryEnd }> {
  const keys: number[] = [];
  for (;;) {
    const step = await pages.next();
    if (step.done === true) return { keys, end: step.value };
    expect(step.value.length).toBeGreaterThan(0);
    expect(step.value.length).toBeLessThanOrEqual(pageRows);
    keys.push(...step.value.map(({ key }) => key));
  }
}

describe('an inventory as text', () => {
  const vault = { vaultArn: 'arn:aws:glacier:us-east-1:111122223333:vaults/v', inventoryAtMs: T0 };
  const textOf = (format: 'CSV' | 'JSON', pages: Archive[][]): string => {
    const writer = inventoryWriter(format, vault);
    return writer.head + pages.map((page, index) => writer.page(page, index === 0)).join('') + writer.tail;
  };
  const plain = archiveOf({ id: 'A', description: 'x' });
  const none = archiveOf({ id: 'B', sizeBytes: 40_000_000_000_000 });
  const odd = archiveOf({ id: 'C', description: 'a,1"2 \\ <é>' });

  test('JSON is one line, members in the order of the guide, seconds, and "" for no description', () => {
    expect(textOf('JSON', [[plain, none], [odd]])).toBe(
      '{"VaultARN":"arn:aws:glacier:us-east-1:111122223333:vaults/v","InventoryDate":"2031-05-06T07:08:09Z","ArchiveList":[' +
        '{"ArchiveId":"A","ArchiveDescription":"x","CreationDate":"2031-05-06T07:08:09Z","Size":5,"SHA256TreeHash":"ab"},' +
        '{"ArchiveId":"B","ArchiveDescription":"","CreationDate":"2031-05-06T07:08:09Z","Size":40000000000000,"SHA256TreeHash":"ab"},' +
        '{"ArchiveId":"C","ArchiveDescription":"a,1\\"2 \\\\ <é>","CreationDate":"2031-05-06T07:08:09Z","Size":5,"SHA256TreeHash":"ab"}]}',
    );
  });

  test('an empty JSON inventory has an empty list', () => {
    expect(JSON.parse(textOf('JSON', []))).toEqual({
      VaultARN: vault.vaultArn,
      InventoryDate: '2031-05-06T07:08:09Z',
      ArchiveList: [],
    });
  });

  test('CSV quotes the description alone, escapes quotes with a backslash and backslashes not at all', () => {
    const lone = archiveOf({ id: 'D', description: '\\' });
    expect(
      textOf('CSV', [
        [plain, none],
        [odd, lone],
      ]),
    ).toBe(
      'ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n' +
        'A,"x",2031-05-06T07:08:09Z,5,ab\n' +
        'B,"",2031-05-06T07:08:09Z,40000000000000,ab\n' +
        'C,"a,1\\"2 \\ <é>",2031-05-06T07:08:09Z,5,ab\n' +
        'D,"\\",2031-05-06T07:08:09Z,5,ab\n',
    );
  });

  test('an empty CSV inventory is its header', () => {
    expect(textOf('CSV', [])).toBe('ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n');
  });
});
