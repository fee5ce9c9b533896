import { expect, test } from 'vitest';
import { isVaultName, vaultArn } from './vaults.ts';

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
