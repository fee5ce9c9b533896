import { describe, expect, test } from 'vitest';
import { newUserId } from '../../src/model/access-keys.ts';
import { type MetadataUnderTest, T0 } from './metadata-fixtures.ts';
import { accountContract, addKey, newAccount, newUser, nobodyNamed } from './metadata-identities.ts';

const policyOf = (name: string, document = `{"of":"${name}"}`) => ({ name, document, attachedAtMs: T0 });

export function userContract(tested: () => MetadataUnderTest): void {
  describe('accounts', () => accountContract(tested));

  describe('users', () => {
    test('are told apart without regard to case, in each account for itself', async () => {
      const { metadata } = tested();
      const anna = await newUser(metadata);
      const { accountId } = anna;
      const user = { accountId, name: 'aNNA', id: newUserId(), createdAtMs: T0 };
      expect(await metadata.users.create({ user, ...nobodyNamed })).toBe('exists');
      const elsewhere = { ...user, accountId: (await newAccount(metadata)).accountId };
      expect(await metadata.users.create({ user: elsewhere, ...nobodyNamed })).toBe('created');
      const nowhere = { ...user, accountId: '999999999999' };
      expect(await metadata.users.create({ user: nowhere, ...nobodyNamed })).toBe('no account');
      expect(await metadata.users.findByName({ accountId, name: 'Anna' })).toMatchObject({ id: anna.id });
      expect(await metadata.users.findByName({ accountId, name: 'aNNA' })).toBeUndefined();
      expect(await metadata.users.delete({ accountId, name: 'aNNA' })).toBe(false);
    });

    test('are listed by name, and never more than the limit', async () => {
      const { metadata } = tested();
      const { accountId } = await newAccount(metadata);
      const outcomes = await Promise.all(
        ['b', 'A', 'c', 'B'].map((name) => {
          const user = { accountId, name, id: newUserId(), createdAtMs: T0 };
          return metadata.users.create({ user, ...nobodyNamed, usersMax: 2 });
        }),
      );
      expect(outcomes).toEqual(['created', 'created', 'full', 'exists']);
      expect((await metadata.users.list(accountId)).map(({ name }) => name)).toEqual(['A', 'b']);
    });

    test('go with their keys and policies', async () => {
      const { metadata, rows } = tested();
      const { accountId, name } = await newUser(metadata);
      const user = { accountId, name };
      const accessKeyId = await addKey(metadata, { accountId, user: name });
      await metadata.users.attachPolicy({ user, policy: policyOf('p'), policiesMax: 1 });
      const [{ key } = { key: 0 }] = await rows(`select key from users where account_id = '${accountId}'`);
      expect(await metadata.users.delete(user)).toBe(true);
      expect(await metadata.users.delete(user)).toBe(false);
      expect(await metadata.keys.has(accessKeyId)).toBe(false);
      expect(await rows(`select * from identity_policies where user_key = ${key}`)).toEqual([]);
      expect(await metadata.users.policies(user)).toBeUndefined();
    });

    test('whose name a deleted one had are not made while the policies of a vault name it', async () => {
      const { metadata, rows, change } = tested();
      const { accountId } = await newAccount(metadata);
      const user = { accountId, name: 'bob', id: newUserId(), createdAtMs: T0 };
      const naming = (arn: string) => metadata.users.create({ user, usersMax: 9, arn });
      for (const number of [1, 2, 3, 4]) {
        await metadata.vaults.create({ accountId, name: `named-${number}`, nowMs: T0, vaultsMax: 9 });
      }
      const keys = await rows(`select key from vaults where account_id = '${accountId}' order by key`);
      const [first, second, third] = keys.map(({ key }) => Number(key));
      await change(`insert into access_policies values (${first}, 'A1')`);
      const locked = (key: number | undefined, document: string, state: string, expiresAt: number | string) =>
        `insert into vault_locks values (${key}, 'id', '${document}', '${state}', 0, ${expiresAt})`;
      await change(locked(second, 'L2', 'InProgress', T0));
      await change(locked(first, 'L1', 'InProgress', T0 + 1));
      await change(locked(third, 'L3', 'Locked', 'null'));
      expect(await naming('L3')).toBe('created');
      for (const _ of ['first', 'second']) {
        await metadata.users.delete(user);
        await metadata.users.create({ user, ...nobodyNamed });
      }
      await metadata.users.delete(user);
      const alike = { ...user, name: 'BOB' };
      expect(await metadata.users.create({ user: alike, usersMax: 9, arn: 'L3' })).toBe('created');
      await metadata.users.delete(alike);
      expect(await naming('L3')).toEqual({ accountId, vaultName: 'named-3', access: null, lock: 'L3' });
      expect(await naming('A1')).toEqual({ accountId, vaultName: 'named-1', access: 'A1', lock: 'L1' });
      expect(await metadata.users.findByName(user)).toBeUndefined();
      // The lock in progress that is over counts for nothing.
      expect(await naming('L2')).toBe('created');
    });
  });

  describe('policies of users', () => {
    test('one takes the place of another of its name, whatever the case', async () => {
      const { metadata } = tested();
      const user = await newUser(metadata);
      const attach = (name: string, document: string) =>
        metadata.users.attachPolicy({ user, policy: policyOf(name, document), policiesMax: 2 });
      expect(await attach('Read', 'one')).toBe('attached');
      expect(await attach('Write', 'two')).toBe('attached');
      expect(await attach('rEAD', 'three')).toBe('attached');
      expect(await attach('More', 'four')).toBe('full');
      expect(await metadata.users.policies(user)).toEqual([policyOf('Write', 'two'), policyOf('rEAD', 'three')]);
      const shrunk = { user, policy: policyOf('write', 'five'), policiesMax: 1 };
      expect(await metadata.users.attachPolicy(shrunk)).toBe('full');
      expect(await metadata.users.policies(user)).toContainEqual(policyOf('Write', 'two'));
    });

    test('are taken away by name', async () => {
      const { metadata } = tested();
      const user = await newUser(metadata);
      await metadata.users.attachPolicy({ user, policy: policyOf('Read'), policiesMax: 2 });
      expect(await metadata.users.detachPolicy({ user, name: 'READ' })).toBe('detached');
      expect(await metadata.users.detachPolicy({ user, name: 'READ' })).toBe('no policy');
      expect(await metadata.users.policies(user)).toEqual([]);
      const stranger = { ...user, name: 'stranger' };
      expect(await metadata.users.detachPolicy({ user: stranger, name: 'READ' })).toBe('no user');
      expect(await metadata.users.attachPolicy({ user: stranger, policy: policyOf('x'), policiesMax: 2 })).toBe(
        'no user',
      );
    });
  });
}
