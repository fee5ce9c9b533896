import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { strangersIn } from './strangers.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'moraine-strangers-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const put = (paths: readonly string[]): void => {
  for (const path of paths) {
    mkdirSync(dirname(join(dataDir, path)), { recursive: true });
    writeFileSync(join(dataDir, path), '');
  }
};

async function strangers(): Promise<string[]> {
  const found: string[] = [];
  for await (const path of strangersIn(dataDir)) found.push(path);
  return found.sort();
}

test('what Moraine keeps is no stranger', async () => {
  put([
    ...['owner.lock', 'owner.json', 'credentials', 'secrets.key', 'encryption.key', 'admin.sock', 'rebuilding'],
    ...['metadata.sqlite', 'metadata.sqlite-wal', 'notify-signing.pem', 'audit/audit.log', 'fixity/fixity.log'],
    ...['blobs/store.json', 'blobs/master-keys.json', 'blobs/incoming/x', `blobs/0a/0a${'1'.repeat(30)}`],
    ...['blobs/segments/00000001.seg', 'blobs/segments/00000001.holes', 'blobs/segments/incoming/x'],
    ...[
      `blobs/vaults/${'b'.repeat(32)}.json`,
      `blobs/vaults/${'b'.repeat(32)}.json.1.unfinished`,
      'blobs/locks/0000000001.json',
      'select-output/any/thing',
    ],
  ]);
  expect(await strangers()).toEqual([]);
});

test('anything else is, wherever it lies', async () => {
  const paths = [
    ...['notes.txt', 'blobs/notes.txt', 'blobs/0a/notes.txt', 'blobs/segments/00000001.seg.old'],
    ...['blobs/vaults/mine.json', 'blobs/locks/1.json'],
  ];
  put(paths);
  expect(await strangers()).toEqual(paths.sort());
});

test('where there is nothing there is no stranger', async () => {
  rmSync(dataDir, { recursive: true });
  expect(await strangers()).toEqual([]);
});
