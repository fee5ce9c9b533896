import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TestArrangement, testArrangement, uploadBytes, VAULT } from '../../test/support/arrangement.ts';
import { sha256 } from '../../test/support/hashes.ts';
import { ARN, denial, lockVault, mayRoot, outcomeOf, retention, tamper } from '../../test/support/locks.ts';
import { DiskLockRecords } from '../blobs/disk-lock-records.ts';
import { ACTION_NAMES } from '../policy/actions.ts';
import { LockBook } from './lock-book.ts';
import { locksAreDisputed } from './lock-findings.ts';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await arrangement[Symbol.asyncDispose]();
});

const recordPath = (number: number) =>
  join(arrangement.blobsDirectory, 'locks', `${String(number).padStart(10, '0')}.json`);
const settled = async () => {
  await arrangement.restart();
  return (await arrangement.core.locks.settle()).map(({ level, text }) => `${level}: ${text}`);
};
const listed = async () => (await arrangement.core.locks.list()).locks.map(({ state, reason }) => reason ?? state);
const allowedActions = async () => {
  const allowed: string[] = [];
  for (const action of OPERATIONS) if (await mayRoot(arrangement, action)) allowed.push(action);
  return allowed;
};
const OPERATIONS = ACTION_NAMES.filter((name) => name !== 'PutObject');
const ON_NO_VAULT = ['CreateVault', 'GetDataRetrievalPolicy', 'SetDataRetrievalPolicy'];
const READS = [
  ...['DescribeJob', 'DescribeVault', 'GetJobOutput', 'GetVaultAccessPolicy', 'GetVaultLock', 'GetVaultNotifications'],
  ...['InitiateJob', 'ListJobs', 'ListMultipartUploads', 'ListParts', 'ListTagsForVault'],
];

describe('S-64 at start', () => {
  test('a lock that agrees with its record is nothing to speak of', async () => {
    await lockVault(arrangement, denial());
    expect(await settled()).toEqual([]);
    expect(await arrangement.core.locks.list()).toEqual({
      locks: [{ vault: ARN, vaultCreatedAt: '2031-05-06T07:08:09.123Z', state: 'agrees', reason: null, record: 1 }],
      faults: [],
    });
    expect(await arrangement.core.locks.repair()).toEqual({ repaired: [], left: [] });
    expect(await locksAreDisputed(arrangement.given)).toBe(false);
  });

  test.each([
    ['delete from vault_locks', 'the metadata has no lock'],
    [`update vault_locks set state = 'InProgress', expires_at = 1, id = 'b'`, 'the metadata has another lock'],
    [
      `update vault_locks set state = 'InProgress', expires_at = 1, document = replace(document, 'Deny', 'Allow')`,
      'the metadata has another lock policy',
    ],
  ])('%s seals the vault until it is repaired', async (sql, reason) => {
    const id = await lockVault(arrangement, denial({ Action: 'glacier:DeleteVault' }));
    await tamper(arrangement, sql);
    expect(await settled()).toEqual([
      `error: a vault is sealed: ${reason}, and its lock record says otherwise; see \`moraine locks repair\``,
    ]);
    expect(await listed()).toEqual([reason]);
    expect(await locksAreDisputed(arrangement.given)).toBe(true);
    expect((await allowedActions()).filter((action) => !ON_NO_VAULT.includes(action))).toEqual(
      expect.arrayContaining(READS),
    );
    for (const action of ['UploadArchive', 'DeleteArchive', 'AbortVaultLock', 'SetVaultAccessPolicy'] as const) {
      expect(await mayRoot(arrangement, action)).toBe(false);
    }
    expect(await arrangement.core.locks.get(VAULT)).toMatchObject({ id, state: 'Locked' });
    expect(await arrangement.core.locks.repair()).toMatchObject({ repaired: [{ vault: ARN, reason }], left: [] });
    expect(await settled()).toEqual([]);
    expect(await arrangement.core.locks.get(VAULT)).toMatchObject({ id, state: 'Locked' });
    expect(await mayRoot(arrangement, 'DeleteArchive')).toBe(true);
    expect(await mayRoot(arrangement, 'DeleteVault')).toBe(false);
  });

  test.each([
    [`id = 'another'`, 'the metadata has another lock'],
    [`document = replace(document, 'Deny', 'Allow')`, 'the metadata has another lock policy'],
  ])('a Locked row that differs in %s seals the vault, and no record takes its place', async (set, reason) => {
    const id = await lockVault(arrangement, denial());
    await tamper(arrangement, `update vault_locks set ${set}`);
    expect(await settled()).toEqual([expect.stringContaining(`a vault is sealed: ${reason}`)]);
    const before = await arrangement.given.metadata.vaultLocks.find(1);
    const left = [
      { vault: ARN, reason: `${reason}, which is Locked like the one on record: put back whichever was changed` },
    ];
    expect(await arrangement.core.locks.repair()).toMatchObject({ repaired: [], left });
    expect(await arrangement.given.metadata.vaultLocks.find(1)).toEqual(before);
    expect(await mayRoot(arrangement, 'DeleteArchive')).toBe(false);
    expect(await arrangement.core.locks.get(VAULT)).toMatchObject({ id, document: denial() });
  });

  test('a record that was written anew, checksum and all, does not replace the lock', async () => {
    await lockVault(arrangement, retention(365));
    const archiveId = await uploadBytes(arrangement, Buffer.from('kept'));
    const [line = ''] = readFileSync(recordPath(1), 'utf8').replace('\\"365\\"', '\\"0\\"').split('\n');
    writeFileSync(recordPath(1), `${line}\nsha256 ${sha256(Buffer.from(line))}\n`);
    expect(await settled()).toEqual([expect.stringContaining('the metadata has another lock policy')]);
    for (const _ of ['once', 'again']) {
      expect(await arrangement.core.locks.repair()).toMatchObject({ repaired: [], left: [{ state: 'sealed' }] });
    }
    expect(await arrangement.given.metadata.vaultLocks.find(1)).toMatchObject({ document: retention(365) });
    expect(await mayRoot(arrangement, 'DeleteArchive', { archiveId })).toBe(false);
  });

  test('of a sealed vault nothing but reading and retrieving is left', async () => {
    await lockVault(arrangement, denial());
    await tamper(arrangement, 'delete from vault_locks');
    await settled();
    const others = ['ListProvisionedCapacity', 'ListVaults', 'PurchaseProvisionedCapacity'];
    // What is done to the account is not done to the vault; no entrance names a vault for it.
    const expected = [...READS, ...ON_NO_VAULT].sort();
    expect((await allowedActions()).filter((action) => !others.includes(action)).sort()).toEqual(expected);
  });

  test('of a sealed vault the policy that was recorded still denies what it denied', async () => {
    await lockVault(arrangement, denial({ Action: 'glacier:InitiateJob' }));
    await tamper(arrangement, 'delete from vault_locks');
    await settled();
    expect(await mayRoot(arrangement, 'InitiateJob')).toBe(false);
  });

  test('a lock without its record is recorded again', async () => {
    await lockVault(arrangement, denial());
    rmSync(recordPath(1));
    expect(await mayRoot(arrangement, 'DeleteArchive')).toBe(false);
    expect(await settled()).toEqual(['warn: the lock of a vault had no record; it was written again']);
    expect(await settled()).toEqual([]);
    expect(await mayRoot(arrangement, 'DeleteArchive')).toBe(false);
  });

  test('a lock whose record was changed is recorded again, and the change told', async () => {
    await lockVault(arrangement, denial());
    writeFileSync(recordPath(1), readFileSync(recordPath(1), 'utf8').replace('Deny', 'Allow'));
    expect(await settled()).toEqual([
      'error: lock record 1 was changed',
      'warn: the lock of a vault had no record; it was written again',
    ]);
    expect(readdirSync(join(arrangement.blobsDirectory, 'locks'))).toHaveLength(2);
    expect(await mayRoot(arrangement, 'DeleteArchive')).toBe(false);
    expect(await listed()).toEqual(['agrees']);
  });

  test('a changed record of a lock that is gone seals the vault and re-instates nothing', async () => {
    await lockVault(arrangement, denial());
    writeFileSync(recordPath(1), readFileSync(recordPath(1), 'utf8').replace('Deny', 'Allow'));
    await tamper(arrangement, 'delete from vault_locks');
    await settled();
    expect(await mayRoot(arrangement, 'DeleteArchive')).toBe(false);
    const left = [{ state: 'sealed', reason: 'its lock record is damaged' }];
    expect(await arrangement.core.locks.repair()).toMatchObject({ repaired: [], left });
    expect(await arrangement.given.metadata.vaultLocks.find(1)).toBeUndefined();
  });

  test('a record without its vault is told, and no new vault takes its name', async () => {
    await lockVault(arrangement, denial());
    await tamper(arrangement, 'delete from vault_locks; delete from vaults');
    arrangement.clock.atMs += 1;
    expect(await settled()).toEqual(['error: a locked vault is missing from the metadata']);
    expect(await outcomeOf(arrangement.core.vaults.create(VAULT))).toBe(
      `AccessDeniedException: The vault ${ARN} was locked and is missing from the metadata; an operator has to put it back.`,
    );
    await arrangement.core.vaults.create({ ...VAULT, name: 'another' });
    expect(await listed()).toEqual(['lost']);
    expect(await arrangement.core.locks.repair()).toMatchObject({ repaired: [], left: [{ state: 'lost' }] });
    expect(await locksAreDisputed(arrangement.given)).toBe(true);
  });

  test.each([
    'delete from vault_locks; update vaults set created_at = created_at + 1',
    `update vaults set created_at = created_at + 1; update vault_locks set document = replace(document, 'Deny', 'Allow')`,
  ])('%s seals the vault', async (sql) => {
    const id = await lockVault(arrangement, denial());
    await tamper(arrangement, sql);
    const reason = 'a locked vault of this name, made at another time, was never deleted';
    expect(await mayRoot(arrangement, 'DeleteArchive')).toBe(false);
    expect(await settled()).toEqual([expect.stringContaining(`a vault is sealed: ${reason}`)]);
    for (const action of ['UploadArchive', 'DeleteArchive', 'DeleteVault', 'InitiateVaultLock'] as const) {
      expect(await mayRoot(arrangement, action)).toBe(false);
    }
    expect(await mayRoot(arrangement, 'InitiateJob')).toBe(true);
    expect(await arrangement.core.locks.get(VAULT)).toMatchObject({ id, document: denial() });
    expect(await listed()).toEqual([reason]);
    expect(await arrangement.core.locks.repair()).toMatchObject({ repaired: [], left: [{ state: 'sealed', reason }] });
    await tamper(arrangement, 'update vaults set created_at = created_at - 1');
    await arrangement.core.locks.repair();
    expect(await mayRoot(arrangement, 'UploadArchive')).toBe(sql.startsWith('delete'));
  });

  test('S-63 a vault in the place of one that was deleted in an orderly way has no lock', async () => {
    await lockVault(arrangement, denial());
    await arrangement.core.vaults.delete(VAULT);
    arrangement.clock.atMs += 1;
    await arrangement.core.vaults.create(VAULT);
    expect(await settled()).toEqual([]);
    expect(await mayRoot(arrangement, 'DeleteArchive')).toBe(true);
  });

  test('a record that is taken away while the server runs is listed, and keeps bytes without a row', async () => {
    await lockVault(arrangement, denial());
    rmSync(recordPath(1));
    const fault = { number: 1, fault: 'was taken away since the start' };
    expect(await arrangement.core.locks.list()).toMatchObject({ locks: [{ state: 'agrees' }], faults: [fault] });
    expect(await locksAreDisputed(arrangement.given)).toBe(true);
  });

  test('a record in doubt stops the deletion of no vault that was never locked', async () => {
    await arrangement.core.vaults.create({ ...VAULT, name: 'never-locked' });
    const id = await arrangement.core.locks.initiate(VAULT, denial());
    const add = DiskLockRecords.prototype.add;
    vi.spyOn(DiskLockRecords.prototype, 'add').mockImplementationOnce(async function (this: DiskLockRecords, ...args) {
      await add.apply(this, args);
      throw new Error('EIO');
    });
    await expect(arrangement.core.locks.complete(VAULT, id)).rejects.toThrow('EIO');
    await arrangement.core.vaults.delete({ ...VAULT, name: 'never-locked' });
    await expect(arrangement.core.vaults.delete(VAULT)).rejects.toThrow('no lock can change before the next start');
    expect(await arrangement.given.metadata.vaults.find(VAULT)).toBeDefined();
  });

  test('another region is told, once, as what denies everything', async () => {
    await lockVault(arrangement, denial());
    arrangement.given.region = 'eu-west-1';
    expect(await mayRoot(arrangement, 'DescribeVault')).toBe(false);
    expect(await arrangement.core.locks.settle()).toEqual([
      {
        level: 'error',
        text: 'vaults were locked under another --region, and everything is denied on them until it is set to what it was',
        facts: { region: 'eu-west-1', lockedAs: ARN },
      },
    ]);
  });

  test('one vault that cannot be settled does not keep the others, nor the server', async () => {
    await lockVault(arrangement, denial());
    rmSync(recordPath(1));
    await arrangement.restart();
    vi.spyOn(LockBook.prototype, 'add').mockRejectedValueOnce(new Error('read-only'));
    const [notice] = await arrangement.core.locks.settle();
    expect(notice).toMatchObject({ level: 'error', facts: { vault: ARN } });
    expect(await mayRoot(arrangement, 'DeleteArchive')).toBe(false);
  });
});

test('F-41 metadata of yesterday: the lock is back, or the vault is lost and told', async () => {
  const yesterday = join(arrangement.directory, 'yesterday.sqlite');
  await tamper(arrangement, `vacuum into '${yesterday}'`);
  await uploadBytes(arrangement, Buffer.from('kept'));
  await lockVault(arrangement, denial());
  await arrangement.given.metadata[Symbol.asyncDispose]();
  const metadata = join(arrangement.directory, 'metadata.sqlite');
  for (const suffix of ['-wal', '-shm']) rmSync(metadata + suffix, { force: true });
  writeFileSync(metadata, readFileSync(yesterday));
  expect(await settled()).toEqual([expect.stringContaining('the metadata has no lock')]);
  expect(await mayRoot(arrangement, 'DeleteArchive')).toBe(false);
  await arrangement.core.locks.repair();
  expect(await settled()).toEqual([]);
  expect(await arrangement.core.locks.get(VAULT)).toMatchObject({ state: 'Locked', document: denial() });
});
