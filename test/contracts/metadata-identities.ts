import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import type { NewKey } from '../../src/metadata/key-rows.ts';
import type { Metadata } from '../../src/metadata/metadata.ts';
import { newAccessKeyId, newUserId, PERMANENT, TEMPORARY } from '../../src/model/access-keys.ts';
import { HOUR_MS } from '../../src/model/limits.ts';
import { type MetadataUnderTest, newVault, present, T0 } from './metadata-fixtures.ts';

/** Accounts, users and keys for tests, each with a name of its own. */

export const KEY_LIMITS = { permanentMax: 3, temporaryMax: 2 };
export const nobodyNamed = { usersMax: 100, arn: 'nobody' };

export function newKey(facts: Partial<NewKey> = {}): NewKey {
  return {
    accessKeyId: newAccessKeyId(PERMANENT),
    sealedSecret: '1.0123456789abcdef.AAAA',
    tokenDigest: null,
    sessionPolicy: null,
    createdAtMs: T0,
    expiresAtMs: null,
    ...facts,
  };
}

export function newTemporaryKey({ expiresAtMs = T0 + HOUR_MS, ...facts }: Partial<NewKey> = {}): NewKey {
  return newKey({ accessKeyId: newAccessKeyId(TEMPORARY), tokenDigest: 'ab', expiresAtMs, ...facts });
}

/** An account with a root key. */
export async function newAccount(metadata: Metadata): Promise<{ accountId: string; rootKeyId: string }> {
  const accountId = String(randomInt(10 ** 11, 10 ** 12));
  const rootKey = newKey();
  const account = { accountId, name: null, createdAtMs: T0, disabledAtMs: null };
  expect(await metadata.accounts.create({ account, rootKey })).toBe('created');
  return { accountId, rootKeyId: rootKey.accessKeyId };
}

/** A user of an account of its own. */
export async function newUser(
  metadata: Metadata,
  { name = 'Anna' }: { name?: string } = {},
): Promise<{ accountId: string; name: string; id: string; rootKeyId: string }> {
  const account = await newAccount(metadata);
  const user = { accountId: account.accountId, name, id: newUserId(), createdAtMs: T0 };
  expect(await metadata.users.create({ user, ...nobodyNamed })).toBe('created');
  return { ...account, name, id: user.id };
}

/** Gives a user, or with null the root, a key. */
export async function addKey(
  metadata: Metadata,
  { accountId, user, key = newKey() }: { accountId: string; user: string | null; key?: NewKey },
): Promise<string> {
  expect(await metadata.keys.create({ key, accountId, user, ...KEY_LIMITS })).toBe('created');
  return key.accessKeyId;
}

export function accountContract(tested: () => MetadataUnderTest): void {
  test('an account comes with its root key, or not at all', async () => {
    const { metadata } = tested();
    const { accountId, rootKeyId } = await newAccount(metadata);
    const account = { accountId, name: 'Archive', createdAtMs: T0 + 1, disabledAtMs: null };
    const rootKey = newKey();
    expect(await metadata.accounts.create({ account, rootKey })).toBe('exists');
    expect(await metadata.keys.has(rootKey.accessKeyId)).toBe(false);
    const another = { ...account, accountId: '424242424242' };
    const taken = await metadata.accounts.create({ account: another, rootKey: newKey({ accessKeyId: rootKeyId }) });
    expect(taken).toBe('taken');
    expect(await metadata.accounts.find(another.accountId)).toBeUndefined();
    expect(await metadata.accounts.find(accountId)).toEqual({ ...account, name: null, createdAtMs: T0 });
    expect(await metadata.accounts.list()).toContainEqual({ ...account, name: null, createdAtMs: T0 });
  });

  test('accounts that own vaults are listed after a start, and those that are listed stay as they are', async () => {
    const { metadata, change } = tested();
    const { accountId } = await newAccount(metadata);
    await metadata.accounts.setDisabled({ accountId, disabledAtMs: T0 });
    const owner = '313131313131';
    await newVault(metadata, { accountId: owner });
    await change(`delete from accounts where id = '${owner}'`);
    await metadata.accounts.ensure({ accountId, nowMs: T0 + 5 });
    await metadata.accounts.ensure({ accountId: '515151515151', nowMs: T0 + 6 });
    expect(await metadata.accounts.find(accountId)).toMatchObject({ createdAtMs: T0, disabledAtMs: T0 });
    const made = { name: null, disabledAtMs: null };
    expect(await metadata.accounts.find(owner)).toEqual({ ...made, accountId: owner, createdAtMs: T0 + 5 });
    expect(await metadata.accounts.find('515151515151')).toMatchObject({ createdAtMs: T0 + 6 });
  });

  test('a disabled account keeps its instant and gets its keys back when it is enabled', async () => {
    const { metadata } = tested();
    const { accountId, rootKeyId } = await newAccount(metadata);
    expect(await metadata.accounts.setDisabled({ accountId, disabledAtMs: T0 })).toBe(true);
    expect(await metadata.accounts.setDisabled({ accountId, disabledAtMs: T0 + 9 })).toBe(true);
    expect(await metadata.accounts.find(accountId)).toMatchObject({ disabledAtMs: T0 });
    expect(await metadata.keys.find(rootKeyId)).toBeUndefined();
    expect(await metadata.accounts.setDisabled({ accountId, disabledAtMs: null })).toBe(true);
    expect(await metadata.keys.find(rootKeyId)).toMatchObject({ accountId, user: null });
    expect(await metadata.accounts.setDisabled({ accountId: '1', disabledAtMs: T0 })).toBe(false);
  });

  test('an account goes with its keys and settings, but not while it has vaults or users', async () => {
    const { metadata, rows } = tested();
    const { accountId, name, rootKeyId } = await newUser(metadata);
    const vault = { accountId, name: 'vault' };
    await metadata.vaults.create({ ...vault, nowMs: T0, vaultsMax: 1 });
    expect(await metadata.accounts.delete(accountId)).toBe('has vaults');
    await metadata.vaults.delete({ ...vault, inventory: 'live' });
    expect(await metadata.accounts.delete(accountId)).toBe('has users');
    expect(present(await metadata.keys.find(rootKeyId)).accountId).toBe(accountId);
    await metadata.users.delete({ accountId, name });
    expect(await metadata.accounts.delete(accountId)).toBe('deleted');
    expect(await metadata.accounts.find(accountId)).toBeUndefined();
    expect(await rows(`select * from access_keys where account_id = '${accountId}'`)).toEqual([]);
    expect(await metadata.accounts.delete(accountId)).toBe('unknown');
  });

  test('the number of a deleted account comes to no other, neither made nor named at a start', async () => {
    const { metadata } = tested();
    const { accountId } = await newAccount(metadata);
    expect(await metadata.accounts.delete(accountId)).toBe('deleted');
    const account = { accountId, name: null, createdAtMs: T0, disabledAtMs: null };
    const rootKey = newKey();
    expect(await metadata.accounts.create({ account, rootKey })).toBe('former');
    expect(await metadata.keys.has(rootKey.accessKeyId)).toBe(false);
    expect(await metadata.accounts.ensure({ accountId, nowMs: T0 })).toBe('former');
    expect(await metadata.accounts.find(accountId)).toBeUndefined();
    expect(await metadata.accounts.delete(accountId)).toBe('unknown');
  });
}
