import { describe, expect, test } from 'vitest';
import { HOUR_MS } from '../../src/model/limits.ts';
import { type MetadataUnderTest, T0 } from './metadata-fixtures.ts';
import { addKey, KEY_LIMITS, newAccount, newKey, newTemporaryKey, newUser } from './metadata-identities.ts';

const NOWHERE = { rootElsewhere: '000000000000' };

export function keyContract(tested: () => MetadataUnderTest): void {
  describe('access keys', () => {
    test('stand for a root, or for a user with its policies', async () => {
      const { metadata } = tested();
      const { accountId, name, id, rootKeyId } = await newUser(metadata);
      const expiresAtMs = T0 + HOUR_MS;
      const key = newTemporaryKey({ sealedSecret: 's', tokenDigest: 't', sessionPolicy: 'p', expiresAtMs });
      await addKey(metadata, { accountId, user: name, key });
      for (const policy of ['b', 'a']) {
        const attached = { name: policy, document: policy, attachedAtMs: T0 };
        await metadata.users.attachPolicy({ user: { accountId, name }, policy: attached, policiesMax: 2 });
      }
      expect(await metadata.keys.find(key.accessKeyId)).toEqual({
        accountId,
        sealedSecret: 's',
        tokenDigest: 't',
        sessionPolicy: 'p',
        createdAtMs: T0,
        expiresAtMs,
        user: { id, name, policies: ['a', 'b'] },
      });
      expect(await metadata.keys.find(rootKeyId)).toMatchObject({ accountId, user: null, expiresAtMs: null });
      expect(await metadata.keys.find('AKIAUNKNOWN')).toBeUndefined();
    });

    test('S-42 one without its account, or without its user, stands for nobody', async () => {
      const { metadata, change } = tested();
      const { accountId, name, rootKeyId } = await newUser(metadata);
      const accessKeyId = await addKey(metadata, { accountId, user: name });
      const elsewhere = await newAccount(metadata);
      // As no operation leaves it, and no constraint would let it be.
      const damage = (sql: string) => change(`pragma foreign_keys = off; ${sql}`);
      await damage(`update users set account_id = '${elsewhere.accountId}' where account_id = '${accountId}'`);
      expect(await metadata.keys.find(accessKeyId)).toBeUndefined();
      await damage(`delete from users where account_id = '${elsewhere.accountId}'`);
      expect(await metadata.keys.find(accessKeyId)).toBeUndefined();
      expect(await metadata.keys.find(rootKeyId)).toBeDefined();
      await damage(`delete from accounts where id = '${accountId}'`);
      expect(await metadata.keys.find(rootKeyId)).toBeUndefined();
      await damage(`delete from access_keys where account_id = '${accountId}'`);
    });

    test('S-42 none is made without an account, or for a user who is not there', async () => {
      const { metadata } = tested();
      const { accountId, name } = await newUser(metadata);
      const create = (whose: { accountId: string; user: string | null }) =>
        metadata.keys.create({ key: newKey(), ...whose, ...KEY_LIMITS });
      expect(await create({ accountId: '999999999999', user: null })).toBe('no account');
      expect(await create({ accountId: '999999999999', user: name })).toBe('no account');
      expect(await create({ accountId, user: 'stranger' })).toBe('no user');
      expect(await create({ accountId, user: name.toLowerCase() })).toBe('no user');
    });

    test('S-47 an id that is taken is refused, and the key that has it stays as it is', async () => {
      const { metadata } = tested();
      const { accountId, name } = await newUser(metadata);
      const other = await newAccount(metadata);
      const accessKeyId = await addKey(metadata, { accountId, user: name });
      const key = newKey({ accessKeyId, sealedSecret: 'another' });
      expect(await metadata.keys.create({ key, accountId: other.accountId, user: null, ...KEY_LIMITS })).toBe('taken');
      expect(await metadata.keys.rotate({ accessKeyId: other.rootKeyId, key, ...KEY_LIMITS })).toBe('taken');
      expect(await metadata.keys.find(accessKeyId)).toMatchObject({ accountId, user: { name } });
      expect(await metadata.keys.find(other.rootKeyId)).toBeDefined();
    });

    test('are limited in number, each owner and each kind for itself; expired ones do not count', async () => {
      const { metadata } = tested();
      const { accountId, name } = await newUser(metadata);
      const create = (user: string | null, key = newKey()) =>
        metadata.keys.create({ key, accountId, user, ...KEY_LIMITS });
      const outcomes = await Promise.all([1, 2, 3, 4].map(() => create(name)));
      expect(outcomes).toEqual(['created', 'created', 'created', 'full']);
      expect(await create(null)).toBe('created');
      expect(await create(name, newTemporaryKey({ createdAtMs: T0 - 9, expiresAtMs: T0 }))).toBe('created');
      for (const outcome of ['created', 'created', 'full']) expect(await create(name, newTemporaryKey())).toBe(outcome);
      expect(await create(null, newTemporaryKey())).toBe('created');
    });

    test('are listed without secrets, by account, and of an account or a user alone', async () => {
      const { metadata } = tested();
      const { accountId, name, rootKeyId } = await newUser(metadata);
      const key = newTemporaryKey({ createdAtMs: T0 + 1, sessionPolicy: 'p' });
      const accessKeyId = await addKey(metadata, { accountId, user: name, key });
      const shown = { accountId, createdAtMs: T0, disabledAtMs: null, expiresAtMs: null };
      const ofRoot = { ...shown, accessKeyId: rootKeyId, user: null, hasSessionPolicy: false };
      const { createdAtMs, expiresAtMs } = key;
      const ofUser = { ...shown, accessKeyId, user: name, createdAtMs, expiresAtMs, hasSessionPolicy: true };
      expect(await metadata.keys.list({ accountId })).toEqual([ofRoot, ofUser]);
      expect(await metadata.keys.list({ accountId, user: name })).toEqual([ofUser]);
      expect(await metadata.keys.list()).toEqual(expect.arrayContaining([ofRoot, ofUser]));
    });

    test('that are disabled are not found until they are enabled', async () => {
      const { metadata } = tested();
      const { accountId, name } = await newUser(metadata);
      const accessKeyId = await addKey(metadata, { accountId, user: name });
      for (const nowMs of [T0, T0 + 9]) {
        expect(await metadata.keys.disable({ accessKeyId, nowMs, ...NOWHERE })).toBe('disabled');
      }
      expect(await metadata.keys.find(accessKeyId)).toBeUndefined();
      expect(await metadata.keys.list({ accountId, user: name })).toMatchObject([{ disabledAtMs: T0 }]);
      expect(await metadata.keys.enable(accessKeyId)).toBe(true);
      expect(await metadata.keys.find(accessKeyId)).toBeDefined();
      expect(await metadata.keys.enable('AKIAUNKNOWN')).toBe(false);
      const unknown = { accessKeyId: 'AKIAUNKNOWN', ...NOWHERE };
      expect(await metadata.keys.disable({ ...unknown, nowMs: T0 })).toBe('unknown');
      expect(await metadata.keys.delete(unknown)).toBe('unknown');
    });

    test('S-07 a rotated one is disabled in the moment that the new one is there', async () => {
      const { metadata } = tested();
      const { accountId, name } = await newUser(metadata);
      const accessKeyId = await addKey(metadata, { accountId, user: name });
      const key = newKey({ createdAtMs: T0 + 7 });
      expect(await metadata.keys.rotate({ accessKeyId, key, ...KEY_LIMITS })).toBe('rotated');
      expect(await metadata.keys.find(accessKeyId)).toBeUndefined();
      expect(await metadata.keys.find(key.accessKeyId)).toMatchObject({ accountId, user: { name } });
      const again = () => metadata.keys.rotate({ accessKeyId, key: newKey(), ...KEY_LIMITS });
      expect(await again()).toBe('disabled');
      await metadata.keys.enable(accessKeyId);
      expect(await Promise.all([again(), again()])).toEqual(['rotated', 'disabled']);
      await metadata.keys.enable(accessKeyId);
      expect(await again()).toBe('full');
      expect(await metadata.keys.find(accessKeyId)).toBeDefined();
      const temporary = await addKey(metadata, { accountId, user: name, key: newTemporaryKey() });
      expect(await metadata.keys.rotate({ accessKeyId: temporary, key: newKey(), ...KEY_LIMITS })).toBe('temporary');
      expect(await metadata.keys.rotate({ accessKeyId: 'AKIAUNKNOWN', key, ...KEY_LIMITS })).toBe('unknown');
    });

    test('S-47 the last root key that may sign stays, whatever else the account has', async () => {
      const { metadata } = tested();
      const { accountId, name, rootKeyId: accessKeyId } = await newUser(metadata);
      await addKey(metadata, { accountId, user: name });
      await addKey(metadata, { accountId, user: null, key: newTemporaryKey() });
      const second = await addKey(metadata, { accountId, user: null });
      expect(await metadata.keys.disable({ accessKeyId: second, nowMs: T0, ...NOWHERE })).toBe('disabled');
      expect(await metadata.keys.disable({ accessKeyId, nowMs: T0, ...NOWHERE })).toBe('last');
      expect(await metadata.keys.delete({ accessKeyId, ...NOWHERE })).toBe('last');
      expect(await metadata.keys.find(accessKeyId)).toBeDefined();
      await metadata.keys.enable(second);
      const both = [accessKeyId, second].map((id) => metadata.keys.delete({ accessKeyId: id, ...NOWHERE }));
      expect(await Promise.all(both)).toEqual(['deleted', 'last']);
      const elsewhere = { accessKeyId: second, rootElsewhere: accountId };
      expect(await metadata.keys.disable({ ...elsewhere, nowMs: T0 })).toBe('disabled');
      expect(await metadata.keys.delete({ accessKeyId: second, ...NOWHERE })).toBe('deleted');
    });

    test('that expired are deleted a few at a time, and permanent ones never', async () => {
      const { metadata } = tested();
      const { accountId, name, rootKeyId } = await newUser(metadata);
      const expired: string[] = [];
      for (const agoMs of [3, 2, 1]) {
        // Further back than what other tests have made.
        const expiresAtMs = T0 - 1000 * HOUR_MS - agoMs;
        const key = newTemporaryKey({ createdAtMs: expiresAtMs, expiresAtMs });
        expired.push(await addKey(metadata, { accountId, user: name, key }));
      }
      const beforeMs = T0 - 1000 * HOUR_MS - 1;
      expect(await metadata.keys.deleteExpired({ beforeMs, limit: 1 })).toBe(1);
      expect(await Promise.all(expired.map((id) => metadata.keys.has(id)))).toEqual([false, true, true]);
      expect(await metadata.keys.deleteExpired({ beforeMs, limit: 9 })).toBe(1);
      expect(await Promise.all(expired.map((id) => metadata.keys.has(id)))).toEqual([false, false, true]);
      expect(await metadata.keys.has(rootKeyId)).toBe(true);
    });

    test('tell how their secrets begin', async () => {
      const { metadata } = tested();
      const { accountId } = await newAccount(metadata);
      for (const sealedSecret of ['xx.one', 'xx.two', 'yy.one']) {
        await metadata.keys.create({
          key: newKey({ sealedSecret }),
          accountId,
          user: null,
          permanentMax: 9,
          temporaryMax: 9,
        });
      }
      const beginnings = await metadata.keys.sealBeginnings({ length: 3, limit: 100 });
      expect(beginnings.filter((text) => /^[xy]/.test(text)).sort()).toEqual(['xx.', 'yy.']);
      expect(await metadata.keys.sealBeginnings({ length: 3, limit: 1 })).toHaveLength(1);
    });
  });
}
