import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { T0, type TestArrangement, testArrangement, uploadBytes, VAULT } from '../../test/support/arrangement.ts';
import { ARN, denial, lockVault, mayRoot, outcomeOf, tamper } from '../../test/support/locks.ts';
import { DAY_MS } from '../model/limits.ts';
import { LockBook } from './lock-book.ts';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await arrangement[Symbol.asyncDispose]();
});

const locks = () => arrangement.core.locks;
const initiate = (document = denial()) => locks().initiate(VAULT, document);
const complete = (id: string) => outcomeOf(locks().complete(VAULT, id));
const abort = () => outcomeOf(locks().abort(VAULT));
const stateNow = () =>
  locks()
    .get(VAULT)
    .then(
      ({ state }) => state,
      (error: { code: string }) => error.code,
    );
const records = () => readdirSync(join(arrangement.blobsDirectory, 'locks'));

describe('S-61 a lock', () => {
  test('binds while it is in progress, and is taken back by Abort', async () => {
    await initiate();
    expect(await mayRoot(arrangement, 'DeleteArchive')).toBe(false);
    expect(await locks().get(VAULT)).toMatchObject({
      document: denial(),
      state: 'InProgress',
      createdAtMs: T0,
      expiresAtMs: T0 + DAY_MS,
    });
    expect(await abort()).toBe('done');
    expect(await mayRoot(arrangement, 'DeleteArchive')).toBe(true);
    expect(await abort()).toBe('done');
    expect(await stateNow()).toBe('ResourceNotFoundException');
    expect(records()).toEqual([]);
  });

  test('initiated twice is refused', async () => {
    const id = await initiate();
    expect(await outcomeOf(initiate())).toBe(
      `AccessDeniedException: The vault ${ARN} has a lock in progress, which has to be aborted or completed first.`,
    );
    await complete(id);
    expect(await outcomeOf(initiate())).toBe(
      `AccessDeniedException: The vault ${ARN} is locked, and its lock cannot be changed.`,
    );
  });

  test('is completed by its id and no other, again and again, and never aborted then', async () => {
    const id = await initiate();
    const other = `${id.slice(0, -1)}${id.endsWith('A') ? 'B' : 'A'}`;
    expect(await complete(other)).toBe(
      `InvalidParameterValueException: The lock ID is not valid for the vault: ${ARN}`,
    );
    expect(await stateNow()).toBe('InProgress');
    for (const _ of ['once', 'again']) expect(await complete(id)).toBe('done');
    expect(await complete(other)).toBe(`AccessDeniedException: The vault ${ARN} is locked with another lock ID.`);
    expect(await abort()).toBe(`AccessDeniedException: The vault ${ARN} is locked, and its lock cannot be aborted.`);
    expect(await locks().get(VAULT)).toMatchObject({ id, state: 'Locked', createdAtMs: T0, expiresAtMs: null });
    expect(records()).toHaveLength(1);
    await arrangement.restart();
    expect(await stateNow()).toBe('Locked');
    expect(await complete(id)).toBe('done');
  });

  test('that is not completed within 24 hours is none to anybody', async () => {
    const id = await initiate();
    arrangement.clock.atMs += DAY_MS - 1;
    expect(await stateNow()).toBe('InProgress');
    arrangement.clock.atMs += 1;
    expect(await stateNow()).toBe('ResourceNotFoundException');
    expect(await complete(id)).toBe(`ResourceNotFoundException: No vault lock policy is set for: ${ARN}`);
    expect(await mayRoot(arrangement, 'DeleteArchive')).toBe(true);
    expect(await abort()).toBe('done');
    expect(await initiate()).not.toBe(id);
  });

  test('S-62 expires by trusted time: a clock set back does not keep it, one set forward does not end it', async () => {
    await initiate();
    arrangement.clock.offByMs = -2 * 365 * DAY_MS;
    arrangement.clock.atMs += DAY_MS;
    expect(await stateNow()).toBe('ResourceNotFoundException');
    arrangement.clock.offByMs = 0;
    await initiate();
    arrangement.clock.offByMs = 2 * 365 * DAY_MS;
    expect(await stateNow()).toBe('InProgress');
  });

  test('needs a vault', async () => {
    const missing = { ...VAULT, name: 'missing' };
    const document = denial({ Resource: ARN.replace(/vault$/, 'missing') });
    const notFound = `ResourceNotFoundException: Vault not found for ARN: ${ARN.replace(/vault$/, 'missing')}`;
    for (const call of [
      () => locks().initiate(missing, document),
      () => locks().get(missing),
      () => locks().abort(missing),
      () => locks().complete(missing, 'x'),
    ]) {
      expect(await outcomeOf(call())).toBe(notFound);
    }
  });

  test('needs a policy that can be enforced, and says what is wrong with another one', async () => {
    expect(await outcomeOf(initiate('{'))).toContain('InvalidParameterValueException: The specified vault lock policy');
    expect(await outcomeOf(initiate(denial({ Resource: `${ARN}/*` })))).toContain('The specified vault lock policy is');
    expect(await stateNow()).toBe('ResourceNotFoundException');
  });

  test('S-51 names no user that its account does not have', async () => {
    const { accountId } = VAULT;
    const AWS = `arn:aws:iam::${accountId}:user/bob`;
    expect(await outcomeOf(initiate(denial({ Principal: { AWS } })))).toBe(
      'InvalidParameterValueException: The specified vault lock policy is invalid. ' +
        `Principal: the account ${accountId} has no user bob, so ${AWS} names nobody.`,
    );
    await arrangement.core.users.create({ accountId, name: 'bob' });
    expect(await outcomeOf(initiate(denial({ Principal: { AWS } })))).toBe('done');
  });

  test('is one, however many begin it at once, and ends one way, however many end it', async () => {
    const begun = await Promise.all(Array.from({ length: 6 }, () => outcomeOf(initiate())));
    expect(begun.filter((outcome) => outcome === 'done')).toHaveLength(1);
    const { id } = await locks().get(VAULT);
    const [completed, aborted] = await Promise.all([complete(id), abort()]);
    expect([completed, aborted.slice(0, 21), await stateNow()]).toEqual(['done', 'AccessDeniedException', 'Locked']);
  });
});

describe('S-63 a locked vault', () => {
  test('is deleted when it is empty and nothing denies it; one of that name is another vault', async () => {
    await lockVault(arrangement, denial());
    arrangement.clock.atMs += 1;
    await arrangement.core.vaults.delete(VAULT);
    await arrangement.core.vaults.create(VAULT);
    expect(await stateNow()).toBe('ResourceNotFoundException');
    expect(await mayRoot(arrangement, 'DeleteArchive')).toBe(true);
    await arrangement.restart();
    expect(await locks().settle()).toEqual([]);
    expect(await locks().list()).toEqual({ locks: [], faults: [] });
  });

  test('is not deleted with an archive in it, and keeps its lock', async () => {
    await lockVault(arrangement, denial());
    await uploadBytes(arrangement, Buffer.from('kept'));
    expect(await outcomeOf(arrangement.core.vaults.delete(VAULT))).toContain('Vault not empty');
    expect(records()).toHaveLength(1);
    expect(await stateNow()).toBe('Locked');
  });

  test('that got an archive while it was being deleted stays locked, in the records too', async () => {
    await lockVault(arrangement, denial());
    const add = vi.spyOn(LockBook.prototype, 'add');
    add.mockImplementationOnce(async function (this: LockBook, record) {
      await uploadBytes(arrangement, Buffer.from('kept'));
      add.mockRestore();
      await this.add(record);
    });
    expect(await outcomeOf(arrangement.core.vaults.delete(VAULT))).toContain('Vault not empty');
    expect(records()).toHaveLength(3);
    await arrangement.restart();
    expect(await locks().list()).toMatchObject({ locks: [{ state: 'agrees', record: 3 }] });
  });
});

describe('a completion that is cut in two', () => {
  const cut = async () => {
    const id = await initiate();
    vi.spyOn(arrangement.given.metadata.vaultLocks, 'complete').mockRejectedValueOnce(new Error('disk full'));
    await expect(locks().complete(VAULT, id)).rejects.toThrow('disk full');
    return id;
  };

  test('counts as Locked from the record on, and is completed by repeating it', async () => {
    const id = await cut();
    expect(await stateNow()).toBe('Locked');
    expect(await abort()).toContain('cannot be aborted');
    arrangement.clock.atMs += 2 * DAY_MS;
    expect(await mayRoot(arrangement, 'DeleteArchive')).toBe(false);
    expect(await complete(id)).toBe('done');
    expect(records()).toHaveLength(1);
    expect(await locks().list()).toMatchObject({ locks: [{ state: 'agrees' }] });
  });

  test('is finished by the next start', async () => {
    await cut();
    arrangement.clock.atMs += 2 * DAY_MS;
    await arrangement.restart();
    expect(await locks().settle()).toMatchObject([{ level: 'info', facts: { vault: ARN } }]);
    expect(await arrangement.given.metadata.vaultLocks.find(1)).toMatchObject({ state: 'Locked', expiresAtMs: null });
    expect(await locks().settle()).toEqual([]);
  });

  test('before its record leaves the lock in progress', async () => {
    const id = await initiate();
    vi.spyOn(LockBook.prototype, 'add').mockRejectedValueOnce(new Error('disk full'));
    await expect(locks().complete(VAULT, id)).rejects.toThrow('disk full');
    expect(await stateNow()).toBe('InProgress');
    expect(await complete(id)).toBe('done');
  });
});

test('what was not authorised is decided afresh when the metadata change under the server', async () => {
  await lockVault(arrangement, denial({ Action: 'glacier:DeleteVault' }));
  expect(await mayRoot(arrangement, 'DeleteArchive')).toBe(true);
  await tamper(arrangement, 'delete from vault_locks');
  expect(await mayRoot(arrangement, 'DeleteArchive')).toBe(false);
  expect(await mayRoot(arrangement, 'DescribeVault')).toBe(true);
});
