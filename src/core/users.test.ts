import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { T0, type TestArrangement, testArrangement, VAULT } from '../../test/support/arrangement.ts';
import { AdminError, GlacierError } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { vaultArn } from '../model/vaults.ts';
import { compilePolicy } from '../policy/compile.ts';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const users = () => arrangement.core.users;
const { accountId } = VAULT;
const BOB = { accountId, name: 'bob' };
const READ = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'glacier:DescribeVault', Resource: '*' }],
});
const naming = (element: Record<string, unknown>) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        ...element,
        Action: 'glacier:DeleteArchive',
        Resource: `arn:aws:glacier:us-east-1:${accountId}:vaults/vault`,
      },
    ],
  });

describe('users', () => {
  test('have an id and an ARN of their own', async () => {
    const user = await users().create(BOB);
    expect(user).toEqual({
      ...BOB,
      userId: expect.stringMatching(/^AIDA[A-Z2-7]{16}$/),
      arn: `arn:aws:iam::${accountId}:user/bob`,
      createdAtMs: T0,
    });
    expect(await users().list({ accountId })).toEqual([user]);
  });

  test('S-42 are refused without an account, with a name that is none, and twice', async () => {
    await expect(users().create({ ...BOB, accountId: '999999999999' })).rejects.toThrow(
      'there is no account 999999999999',
    );
    await expect(users().list({ accountId: '999999999999' })).rejects.toThrow('there is no account 999999999999');
    await expect(users().create({ ...BOB, name: 'a b' })).rejects.toThrow('the name of a user has 1 to 64 characters');
    await users().create(BOB);
    await expect(users().create({ ...BOB, name: 'Bob' })).rejects.toThrow(
      `there is a user Bob in the account ${accountId} already (case does not count)`,
    );
    await expect(users().delete({ ...BOB, name: 'Bob' })).rejects.toThrow(AdminError);
  });

  test('S-07 go with their keys, at once', async () => {
    await users().create(BOB);
    const { accessKeyId } = await arrangement.core.keys.create({ accountId, user: 'bob' });
    expect(await arrangement.core.keyRing.find(accessKeyId)).toBeDefined();
    await users().delete(BOB);
    expect(await arrangement.core.keyRing.find(accessKeyId)).toBeUndefined();
    expect(await arrangement.given.metadata.keys.list({ accountId, user: 'bob' })).toEqual([]);
    await expect(users().delete(BOB)).rejects.toThrow(`there is no user bob in the account ${accountId}`);
  });

  test.each([
    ['Principal', { Principal: { AWS: `arn:aws:iam::${accountId}:user/bob` } }],
    ['NotPrincipal', { NotPrincipal: { AWS: [accountId, `arn:aws:iam::${accountId}:user/bob`] } }],
    ['Principal, with the name in another spelling', { Principal: { AWS: `arn:aws:iam::${accountId}:user/BOB` } }],
  ])('S-51 a name that a vault still names comes to nobody else: %s', async (_, element) => {
    const name = JSON.stringify(element).includes('BOB') ? 'BOB' : 'bob';
    await users().create({ accountId, name });
    const document = naming(element).replace('user/b', 'user/\\u0062');
    await arrangement.core.accessPolicies.set({ vault: VAULT, document });
    await users().delete({ accountId, name });
    await expect(users().create({ accountId, name })).rejects.toThrow(
      `a policy of the vault vault of the account ${accountId} names arn:aws:iam::${accountId}:user/${name}, ` +
        'which an earlier user had; take that out of the policy first, or choose another name',
    );
    expect(await users().list({ accountId })).toEqual([]);
    await users().create({ accountId, name: 'alice' });
    await arrangement.core.accessPolicies.delete(VAULT);
    await users().create({ accountId, name });
  });
});

test('S-51 a name that nobody had cannot be kept from an account by the vaults of another', async () => {
  const { core } = arrangement;
  const { account } = await core.accounts.create();
  const vault = { accountId: account.accountId, name: 'vault' };
  await core.vaults.create(vault);
  const document = naming({ Principal: { AWS: `arn:aws:iam::${accountId}:user/bob` } });
  const inVault = document.replace(`us-east-1:${accountId}`, `us-east-1:${account.accountId}`);
  await core.accessPolicies.set({ vault, document: inVault });
  await users().create(BOB);
  await users().delete(BOB);
  await expect(users().create(BOB)).rejects.toThrow(`the vault vault of the account ${account.accountId} names`);
});

/** Puts a document there that need not be one. */
async function keep(vault: typeof VAULT, document: string): Promise<void> {
  const { metadata } = arrangement.given;
  const { key = 0 } = (await metadata.vaults.find(vault)) ?? {};
  await metadata.accessPolicies.set({ vaultKey: key, document, users: [] });
}

test.each([
  ['is of another region', (document: string) => document.replace('us-east-1', 'eu-west-1')],
  ['cannot be read', (document: string) => document.slice(0, -1)],
])('S-51 a name comes to nobody else while a policy names it that %s', async (_, spoil) => {
  await users().create(BOB);
  const document = naming({ Principal: { AWS: `arn:aws:iam::${accountId}:user/bob` } });
  await arrangement.core.accessPolicies.set({ vault: VAULT, document });
  await users().delete(BOB);
  await keep(VAULT, spoil(document));
  await expect(users().create(BOB)).rejects.toThrow(`the vault vault of the account ${accountId} names`);
  expect(await users().list({ accountId })).toEqual([]);
});

test('S-51 long policies of many vaults are not read when a name is used again, which would hold the server up', async () => {
  const others = Array.from({ length: 350 }, (_, number) => `arn:aws:iam::222233334444:user/${number}`);
  const document = naming({ Principal: { AWS: others } });
  const vaults = Array.from({ length: 200 }, (_, number) => ({ accountId, name: `vault-${number}` }));
  for (const vault of vaults) {
    await arrangement.given.metadata.vaults.create({ ...vault, nowMs: T0, vaultsMax: 1000 });
    await keep(vault, document);
  }
  await users().create(BOB);
  await users().delete(BOB);
  const makingMs = await timeMs(() => users().create(BOB));
  const owner = { kind: 'access', vaultArn: vaultArn({ region: 'us-east-1', ...VAULT }) } as const;
  const readingMs = await timeMs(async () => vaults.forEach(() => void compilePolicy(document, owner)));
  expect(makingMs).toBeLessThan(readingMs);
});

async function timeMs(run: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await run();
  return performance.now() - startedAtMs;
}

describe('identity policies', () => {
  const attach = (name: string, document = READ) => users().attachPolicy({ accountId, user: 'bob', name, document });

  test('are kept word for word and count at once', async () => {
    await users().create(BOB);
    const { accessKeyId } = await arrangement.core.keys.create({ accountId, user: 'bob' });
    const policies = async () => (await arrangement.core.keyRing.find(accessKeyId))?.caller.identityPolicies;
    expect(await policies()).toEqual([]);
    await attach('read');
    expect(await policies()).toEqual([READ]);
    expect(await users().listPolicies({ accountId, user: 'bob' })).toEqual([
      { name: 'read', document: READ, attachedAtMs: T0 },
    ]);
    await users().detachPolicy({ accountId, user: 'bob', name: 'read' });
    expect(await policies()).toEqual([]);
  });

  test('that cannot be enforced are refused and leave the old one', async () => {
    await users().create(BOB);
    await attach('read');
    for (const document of ['{}', READ.replace('DescribeVault', 'Describe'), naming({ Principal: '*' }), `${READ},`]) {
      await expect(attach('read', document)).rejects.toThrow(GlacierError);
      await expect(attach('read', document)).rejects.toThrow('The specified identity policy is invalid. ');
    }
    await expect(attach('a/b')).rejects.toThrow('the name of a policy has 1 to 64 characters');
    expect(await users().listPolicies({ accountId, user: 'bob' })).toMatchObject([{ name: 'read', document: READ }]);
  });

  test('are limited in number, and what is not there is told', async () => {
    await users().create(BOB);
    for (let number = 0; number < limits.identityPoliciesPerUserMax; number += 1) await attach(`policy-${number}`);
    await expect(attach('more')).rejects.toThrow('the user bob has 10 policies, which is the limit');
    await attach('POLICY-3');
    const stranger = { accountId, user: 'stranger', name: 'read' };
    const unknown = `there is no user stranger in the account ${accountId}`;
    await expect(users().attachPolicy({ ...stranger, document: READ })).rejects.toThrow(unknown);
    await expect(users().detachPolicy(stranger)).rejects.toThrow(unknown);
    await expect(users().listPolicies(stranger)).rejects.toThrow(unknown);
    await expect(users().detachPolicy({ ...stranger, user: 'bob' })).rejects.toThrow('the user bob has no policy read');
  });
});
