import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { T0, type TestArrangement, testArrangement, VAULT } from '../../test/support/arrangement.ts';
import { AdminError } from '../model/errors.ts';
import { Accounts } from './accounts.ts';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const accounts = () => arrangement.core.accounts;
const FIRST = VAULT.accountId;
const OTHER = '222233334444';

describe('accounts', () => {
  test('the first one is there from the start, also when it is started again', async () => {
    const before = await accounts().list();
    expect(before).toEqual([{ accountId: FIRST, name: null, createdAtMs: T0, disabledAtMs: null }]);
    arrangement.clock.atMs += 1;
    await arrangement.restart();
    expect(await accounts().list()).toEqual(before);
  });

  test('a new one comes with a root key that signs for it', async () => {
    const { account, key } = await accounts().create({ name: 'Archive of the town' });
    expect(account).toMatchObject({ name: 'Archive of the town', createdAtMs: T0 });
    expect(account.accountId).toMatch(/^\d{12}$/);
    expect(Object.keys(key)).toEqual(['accessKeyId', 'secretAccessKey']);
    expect(await arrangement.core.keyRing.find(key.accessKeyId)).toMatchObject({
      secretAccessKey: key.secretAccessKey,
      tokenDigest: null,
      caller: {
        accountId: account.accountId,
        principal: { type: 'root', arn: `arn:aws:iam::${account.accountId}:root` },
      },
    });
    expect(await accounts().list()).toHaveLength(2);
  });

  test.each([
    [{ accountId: FIRST }, `there is an account ${FIRST} already`],
    [{ accountId: '12' }, 'an account id is 12 digits, not "12"'],
    [{ accountId: '１１１１２２２２３３３３' }, 'an account id is 12 digits'],
    [{ name: '' }, 'the name of an account has 1 to 128 printable characters'],
    [{ name: 'x'.repeat(129) }, 'the name of an account has'],
    [{ name: 'a\u001b[31m' }, 'the name of an account has'],
  ])('%j is refused and makes nothing', async (asked, message) => {
    await expect(accounts().create(asked)).rejects.toThrow(new RegExp(`^${message}`));
    await expect(accounts().create(asked)).rejects.toThrow(AdminError);
    expect(await accounts().list()).toHaveLength(1);
    expect(await arrangement.given.metadata.keys.list()).toEqual([]);
  });

  test('S-07 the keys of a disabled one stop at once, that of the first account too', async () => {
    const { key } = await accounts().create({ accountId: OTHER });
    const root = arrangement.given.rootKey.accessKeyId;
    for (const [accountId, accessKeyId] of [
      [OTHER, key.accessKeyId],
      [FIRST, root],
    ] as const) {
      expect(await arrangement.core.keyRing.find(accessKeyId)).toBeDefined();
      await accounts().disable({ accountId });
      expect(await arrangement.core.keyRing.find(accessKeyId)).toBeUndefined();
      await accounts().enable({ accountId });
      expect(await arrangement.core.keyRing.find(accessKeyId)).toBeDefined();
    }
  });

  test('one is deleted with its keys, unless it has vaults or users or is the first', async () => {
    const { key } = await accounts().create({ accountId: OTHER });
    const vault = { accountId: OTHER, name: 'vault' };
    await arrangement.core.vaults.create(vault);
    await expect(accounts().delete({ accountId: OTHER })).rejects.toThrow(
      `the account ${OTHER} has vaults; delete these first`,
    );
    await arrangement.core.vaults.delete(vault);
    await arrangement.core.users.create({ accountId: OTHER, name: 'anna' });
    await expect(accounts().delete({ accountId: OTHER })).rejects.toThrow(
      `the account ${OTHER} has users; delete these first`,
    );
    expect(await arrangement.core.keyRing.find(key.accessKeyId)).toBeDefined();
    await arrangement.core.users.delete({ accountId: OTHER, name: 'anna' });
    await accounts().delete({ accountId: OTHER });
    expect(await arrangement.core.keyRing.find(key.accessKeyId)).toBeUndefined();
    await expect(accounts().delete({ accountId: FIRST })).rejects.toThrow('is the first one, which --account-id names');
  });

  test('S-51 the number of a deleted one is not used again: others may still grant it something', async () => {
    await accounts().create({ accountId: OTHER });
    await accounts().delete({ accountId: OTHER });
    const why = `the account id ${OTHER} was that of an account that was deleted, and is not used again`;
    await expect(accounts().create({ accountId: OTHER })).rejects.toThrow(new AdminError(why));
    const { given } = arrangement;
    const again = new Accounts({ ...given, rootKey: { ...given.rootKey, accountId: OTHER } }, arrangement.core.keyRing);
    await expect(again.ensureFirst()).rejects.toThrow(new AdminError(why));
    expect(await accounts().list()).toHaveLength(1);
  });

  test('what is not there is told', async () => {
    for (const ask of ['disable', 'enable', 'delete'] as const) {
      await expect(accounts()[ask]({ accountId: OTHER })).rejects.toThrow(`there is no account ${OTHER}`);
    }
  });
});
