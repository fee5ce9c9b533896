import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { T0, type TestArrangement, testArrangement, VAULT } from '../../test/support/arrangement.ts';
import { GlacierError } from '../model/errors.ts';
import { DAY_MS, HOUR_MS, limits, MINUTE_MS } from '../model/limits.ts';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
  await arrangement.core.users.create({ accountId, name: 'bob' });
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const { accountId } = VAULT;
const BOB = { accountId, user: 'bob' };
const keys = () => arrangement.core.keys;
const find = (accessKeyId: string) => arrangement.core.keyRing.find(accessKeyId);
const allow = (...actions: string[]) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: actions.map((action) => `glacier:${action}`), Resource: '*' }],
  });

describe('a permanent key', () => {
  test('of a user stands for the user', async () => {
    const key = await keys().create(BOB);
    expect(Object.keys(key)).toEqual(['accessKeyId', 'secretAccessKey']);
    expect(await find(key.accessKeyId)).toMatchObject({
      secretAccessKey: key.secretAccessKey,
      tokenDigest: null,
      expiresAtMs: null,
      caller: {
        accessKeyId: key.accessKeyId,
        accountId,
        principal: { type: 'user', accountId, arn: `arn:aws:iam::${accountId}:user/bob`, userName: 'bob' },
        identityPolicies: [],
        sessionPolicies: [],
      },
    });
    expect((await find(key.accessKeyId))?.caller.token).toBeUndefined();
  });

  test('is shown in lists, but not its secret; the root key of the start is the first', async () => {
    const key = await keys().create(BOB);
    const listed = await keys().list();
    expect(listed).toMatchObject([
      { accessKeyId: arrangement.given.rootKey.accessKeyId, user: null, origin: 'the test', createdAtMs: null },
      { accessKeyId: key.accessKeyId, accountId, user: 'bob', origin: 'database', createdAtMs: T0 },
    ]);
    for (const secret of [key.secretAccessKey, arrangement.given.rootKey.secretAccessKey]) {
      expect(JSON.stringify(listed)).not.toContain(`"${secret}"`);
    }
    await expect(keys().list({ accountId: '999999999999' })).rejects.toThrow('there is no account 999999999999');
    expect(await keys().list({ user: 'bob' })).toHaveLength(1);
  });

  test('S-07 stops at once when it is disabled, rotated or deleted', async () => {
    const { accessKeyId } = await keys().create(BOB);
    expect(await find(accessKeyId)).toBeDefined();
    await keys().disable({ accessKeyId });
    expect(await find(accessKeyId)).toBeUndefined();
    await keys().enable({ accessKeyId });
    expect(await find(accessKeyId)).toBeDefined();
    const next = await keys().rotate({ accessKeyId });
    expect(await find(accessKeyId)).toBeUndefined();
    expect(await find(next.accessKeyId)).toMatchObject({ secretAccessKey: next.secretAccessKey });
    await keys().delete({ accessKeyId: next.accessKeyId });
    expect(await find(next.accessKeyId)).toBeUndefined();
  });

  test('is refused for whom there is not, and beyond the limit', async () => {
    await expect(keys().create({ accountId: '999999999999' })).rejects.toThrow('there is no account 999999999999');
    await expect(keys().create({ accountId, user: 'Bob' })).rejects.toThrow('there is no user Bob in the account');
    for (let made = 0; made < limits.permanentKeysMax; made += 1) await keys().create(BOB);
    await expect(keys().create(BOB)).rejects.toThrow('nobody may have more than 5 permanent keys');
  });

  test('that is not there is told', async () => {
    for (const ask of ['disable', 'enable', 'rotate', 'delete'] as const) {
      await expect(keys()[ask]({ accessKeyId: 'AKIANONE' })).rejects.toThrow('there is no key AKIANONE');
    }
  });

  test('cannot be rotated while it is disabled', async () => {
    const { accessKeyId } = await keys().create(BOB);
    await keys().disable({ accessKeyId });
    await expect(keys().rotate({ accessKeyId })).rejects.toThrow(
      `the key ${accessKeyId} is disabled; enable it before`,
    );
  });
});

describe('S-47', () => {
  test('the last root key of an account that may sign stays', async () => {
    const { account, key } = await arrangement.core.accounts.create();
    const { accessKeyId } = key;
    await arrangement.core.users.create({ ...account, name: 'eve' });
    await keys().create({ accountId: account.accountId, user: 'eve' });
    const last = `the key ${accessKeyId} is the last root key of its account that may sign; make another one before`;
    await expect(keys().disable({ accessKeyId })).rejects.toThrow(last);
    await expect(keys().delete({ accessKeyId })).rejects.toThrow(last);
    expect(await find(accessKeyId)).toBeDefined();
    const next = await keys().rotate({ accessKeyId });
    await keys().delete({ accessKeyId });
    await expect(keys().delete({ accessKeyId: next.accessKeyId })).rejects.toThrow('is the last root key');
  });

  test('the first account has the root key of the start beside', async () => {
    const { accessKeyId } = await keys().create({ accountId });
    await keys().disable({ accessKeyId });
    await keys().delete({ accessKeyId });
  });

  test('the root key of the start is changed where it came from', async () => {
    const { accessKeyId } = arrangement.given.rootKey;
    for (const ask of ['disable', 'enable', 'rotate', 'delete'] as const) {
      await expect(keys()[ask]({ accessKeyId })).rejects.toThrow(
        `the key ${accessKeyId} is the root key that the server started with, from the test; change it there`,
      );
    }
    expect(await find(accessKeyId)).toBeDefined();
  });
});

describe('a temporary key', () => {
  test('comes with a token and an end, and says since when it is there', async () => {
    const key = await keys().create({ ...BOB, expiresInMs: HOUR_MS });
    expect(key).toMatchObject({ accessKeyId: expect.stringMatching(/^ASIA/), expiresAtMs: T0 + HOUR_MS });
    expect(await find(key.accessKeyId)).toMatchObject({
      secretAccessKey: key.secretAccessKey,
      tokenDigest: createHash('sha256')
        .update(key.sessionToken ?? '')
        .digest('hex'),
      expiresAtMs: T0 + HOUR_MS,
      caller: { token: { issuedAtMs: T0 }, sessionPolicies: [], principal: { type: 'user' } },
    });
    expect(await keys().list(BOB)).toMatchObject([{ expiresAtMs: T0 + HOUR_MS, hasSessionPolicy: false }]);
    await expect(keys().rotate(key)).rejects.toThrow(`the key ${key.accessKeyId} is temporary and cannot be rotated`);
  });

  test.each([0, -1, 15 * MINUTE_MS - 1, 36 * HOUR_MS + 1, 20.5 * MINUTE_MS + 0.5, Number.NaN, 1e300])(
    'may not live %d ms',
    async (expiresInMs) => {
      await expect(keys().create({ ...BOB, expiresInMs })).rejects.toThrow(
        'a temporary key lives 15 minutes to 36 hours',
      );
      expect(await keys().list(BOB)).toEqual([]);
    },
  );

  test.each([15 * MINUTE_MS, 36 * HOUR_MS])('may live %d ms', async (expiresInMs) => {
    expect(await keys().create({ ...BOB, expiresInMs })).toMatchObject({ expiresAtMs: T0 + expiresInMs });
  });

  test('alone can have a session policy, which must be one', async () => {
    const sessionPolicy = allow('ListVaults');
    await expect(keys().create({ ...BOB, sessionPolicy })).rejects.toThrow('only a temporary key can have a session');
    const broken = keys().create({ ...BOB, expiresInMs: DAY_MS, sessionPolicy: '{' });
    await expect(broken).rejects.toThrow(GlacierError);
    expect(await keys().list(BOB)).toEqual([]);
  });

  test('S-46 never may more than its parent, whatever its session policy says', async () => {
    const may = async (key: { accessKeyId: string }, action: 'DescribeVault' | 'ListJobs' | 'DeleteVault') => {
      const caller = (await find(key.accessKeyId))?.caller;
      if (caller === undefined) throw new Error('the key is not there');
      const circumstances = { secureTransport: false };
      const wish = { action, caller, accountId, vaultName: 'vault', circumstances, subject: {} };
      return (await arrangement.core.authorisation.decide(wish)).allowed;
    };
    const rights = async (key: { accessKeyId: string }) =>
      Promise.all((['DescribeVault', 'ListJobs', 'DeleteVault'] as const).map((action) => may(key, action)));
    await arrangement.core.users.attachPolicy({ ...BOB, name: 'p', document: allow('DescribeVault', 'ListJobs') });
    const session = { expiresInMs: HOUR_MS, sessionPolicy: allow('DescribeVault', 'DeleteVault') };
    expect(await rights(await keys().create(BOB))).toEqual([true, true, false]);
    expect(await rights(await keys().create({ ...BOB, expiresInMs: HOUR_MS }))).toEqual([true, true, false]);
    expect(await rights(await keys().create({ ...BOB, ...session }))).toEqual([true, false, false]);
    expect(await rights(await keys().create({ accountId, ...session }))).toEqual([true, false, true]);
  });
});

test('S-95 the database holds neither secrets nor tokens nor the key they are sealed with', async () => {
  const made = [
    await keys().create(BOB),
    await keys().create({ ...BOB, expiresInMs: HOUR_MS }),
    (await arrangement.core.accounts.create()).key,
  ];
  const directory = join(arrangement.blobsDirectory, '..');
  const bytes = Buffer.concat(['', '-wal'].map((end) => readFileSync(join(directory, `metadata.sqlite${end}`))));
  const secrets = made.flatMap(({ secretAccessKey, sessionToken = secretAccessKey }) => [
    secretAccessKey,
    sessionToken,
  ]);
  for (const secret of secrets) {
    for (const form of [secret, Buffer.from(secret, 'base64'), Buffer.from(secret).toString('base64')]) {
      expect(bytes.includes(form)).toBe(false);
    }
  }
  for (const { accessKeyId } of made) expect(bytes.includes(accessKeyId)).toBe(true);
  const sealing = arrangement.given.secretsKey.findOrMake();
  for (const form of [sealing, sealing.toString('base64'), sealing.toString('hex')]) {
    expect(bytes.includes(form)).toBe(false);
  }
});

test('whose keys are asked for must be there', async () => {
  const { core } = arrangement;
  const { accountId } = VAULT;
  await expect(core.keys.list({ accountId: '999999999999' })).rejects.toThrow('there is no account 999999999999');
  const why = `there is no user nobody in the account ${accountId}`;
  await expect(core.keys.list({ accountId, user: 'nobody' })).rejects.toThrow(why);
  await core.users.create({ accountId, name: 'anybody' });
  expect(await core.keys.list({ accountId, user: 'anybody' })).toEqual([]);
});
