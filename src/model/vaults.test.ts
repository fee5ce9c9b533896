import { expect, test } from 'vitest';
import { isEmpty, isVaultName, type Vault, vaultArn } from './vaults.ts';

test.each(['a', '0', '-', '_', 'a.b', '...', 'A-Z_0.9', 'x'.repeat(255)])('%s is a name', (name) => {
  expect(isVaultName(name)).toBe(true);
});

test.each(['', '.', '..', 'a b', 'a/b', 'a:b', 'ä', 'a\n', 'a\0', 'x'.repeat(256), '🧊'])('%j is none', (name) => {
  expect(isVaultName(name)).toBe(false);
});

test('an ARN names region, account and vault', () => {
  expect(vaultArn({ region: 'eu-west-1', accountId: '111122223333', name: 'backup' })).toBe(
    'arn:aws:glacier:eu-west-1:111122223333:vaults/backup',
  );
});

const vault: Vault = {
  key: 1,
  accountId: '111122223333',
  name: 'backup',
  createdAtMs: 5,
  writtenAtMs: null,
  archiveCount: 0,
  archiveBytes: 0,
  inventoryAtMs: null,
  inventorySnapshot: null,
  inventoryPublishedAtMs: null,
  inventoryArchiveCount: 0,
  inventoryArchiveBytes: 0,
};

test.each([
  ['never written to', {}, true, true],
  ['emptied, and no inventory since', { writtenAtMs: 9 }, true, false],
  ['emptied after the last inventory', { writtenAtMs: 9, inventorySnapshot: { lastKey: 5, atMs: 8 } }, true, false],
  [
    'emptied at the instant of the last inventory',
    { writtenAtMs: 9, inventorySnapshot: { lastKey: 5, atMs: 9 } },
    true,
    true,
  ],
  [
    'emptied, with archives in the last inventory',
    { writtenAtMs: 9, inventorySnapshot: { lastKey: 5, atMs: 9 }, inventoryArchiveCount: 1 },
    true,
    false,
  ],
  ['with an archive that the last inventory does not show', { writtenAtMs: 9, archiveCount: 1 }, false, false],
])('a vault %s is empty, live and by daily inventories', (_, members, live, daily) => {
  const found = { ...vault, ...members };
  expect([isEmpty(found, 'live'), isEmpty(found, 'daily')]).toEqual([live, daily]);
});
