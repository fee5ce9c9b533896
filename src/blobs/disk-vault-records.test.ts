import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DiskVaultRecords } from './disk-vault-records.ts';
import { vaultRecordName } from './vault-record-format.ts';

let directory = '';
let roots: string[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-vaults-'));
  for (const name of ['one', 'other']) mkdirSync(join(directory, name));
  roots = ['one', 'other'].map((name) => join(directory, name, 'vaults'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const vault = { accountId: '111122223333', name: 'A-vault_1.x', createdAtMs: 1_700_000_000_123 };
const later = { ...vault, createdAtMs: vault.createdAtMs + 1 };
const fileOf = (root = '', of = vault) => join(root, vaultRecordName(of));

async function listed(records: DiskVaultRecords) {
  const found = [];
  for await (const record of records.list()) found.push('vault' in record ? record.vault : record);
  return found;
}

test('a vault is noted in every directory, privately, and each is told once', async () => {
  const records = await DiskVaultRecords.open(roots);
  await records.add([vault]);
  await records.add([vault, later]);
  expect((await listed(records)).sort((a, b) => ('vault' in a || 'vault' in b ? 0 : 1))).toHaveLength(2);
  expect(await listed(records)).toEqual(expect.arrayContaining([vault, later]));
  for (const root of roots) {
    expect(readdirSync(root)).toHaveLength(2);
    expect(statSync(fileOf(root)).mode & 0o777).toBe(0o600);
  }
});

test('the record of one vault goes, and that of another one of its name stays', async () => {
  const records = await DiskVaultRecords.open(roots);
  await records.add([vault, later]);
  await records.remove(vault);
  await records.remove(vault);
  expect(await listed(records)).toEqual([later]);
  for (const root of roots) expect(readdirSync(root)).toEqual([vaultRecordName(later)]);
});

test('a record that was changed, cut off, moved or replaced by a link is named, unless the other copy can be read', async () => {
  const records = await DiskVaultRecords.open(roots);
  await records.add([vault]);
  const text = readFileSync(fileOf(roots[0]), 'utf8');
  const spoil = (root = '') => [
    () => writeFileSync(fileOf(root), text.replace('A-vault', 'B-vault')),
    () => writeFileSync(fileOf(root), text.slice(0, -1)),
    () => writeFileSync(fileOf(root), ''),
    () => {
      rmSync(fileOf(root));
      symlinkSync(fileOf(roots[1]), fileOf(root));
    },
  ];
  for (const change of spoil(roots[0])) {
    change();
    expect(await listed(records)).toEqual([vault]);
  }
  const [first] = roots;
  const alone = await DiskVaultRecords.open([first ?? '']);
  expect(await listed(alone)).toEqual([{ place: fileOf(first), fault: expect.any(String) }]);
  rmSync(fileOf(first));
  writeFileSync(fileOf(first, later), text);
  expect(await listed(alone)).toEqual([{ place: fileOf(first, later), fault: 'is not as it was written' }]);
});

test('what a run that was killed has left is removed, and anything else in the directory is left alone', async () => {
  await (await DiskVaultRecords.open(roots)).add([vault]);
  writeFileSync(`${fileOf(roots[0])}.1.unfinished`, 'half');
  writeFileSync(join(roots[0] ?? '', 'note'), 'x');
  expect(await listed(await DiskVaultRecords.open(roots))).toEqual([vault]);
  expect(readdirSync(roots[0] ?? '').sort()).toEqual([vaultRecordName(vault), 'note'].sort());
});
