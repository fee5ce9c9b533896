import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type TestArrangement, testArrangement, VAULT } from '../../test/support/arrangement.ts';

const KNOWN = VAULT.accountId;
const user = (name: string) => `arn:aws:iam::${KNOWN}:user/${name}`;
const naming = (...principals: string[]) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { AWS: principals },
      Action: 'glacier:DescribeVault',
      Resource: `arn:aws:glacier:us-east-1:${VAULT.accountId}:vaults/${VAULT.name}`,
    },
  });

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await arrangement[Symbol.asyncDispose]();
});

const set = (document: string) => arrangement.core.accessPolicies.set({ vault: VAULT, document });
const setsOf = () => vi.spyOn(arrangement.given.metadata.accessPolicies, 'set');

test('S-51 of the principals of a policy the users of its own account are looked up, and nothing else', async () => {
  const sets = setsOf();
  const others = [
    '444455556666',
    'arn:aws:iam::444455556666:user/bob',
    `arn:aws:iam::${KNOWN}:role/r`,
    `arn:aws:sts::${KNOWN}:federated-user/f`,
  ];
  const document = naming(user('bob'), user('team/alice'), `arn:aws:iam::${KNOWN}:root`, ...others);
  await set(document);
  const users = [
    { accountId: KNOWN, name: 'bob' },
    { accountId: KNOWN, name: 'team/alice' },
  ];
  expect(sets.mock.calls).toMatchObject([[{ document, users }]]);
  expect(await arrangement.core.accessPolicies.get(VAULT)).toBe(document);
});

test('S-51 a user that is not there is named in the refusal', async () => {
  setsOf().mockResolvedValue({ unknown: { accountId: KNOWN, name: 'bob' } });
  await expect(set(naming(user('bob')))).rejects.toMatchObject({
    code: 'InvalidParameterValueException',
    message:
      'The specified vault access policy is invalid. ' +
      `Principal: the account ${KNOWN} has no user bob, so ${user('bob')} names nobody.`,
  });
});

test('a document that cannot be enforced never gets to the metadata', async () => {
  const sets = setsOf();
  await expect(set('{}')).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
  expect(sets).not.toHaveBeenCalled();
});

test('a vault that goes away meanwhile is not found', async () => {
  const { metadata } = arrangement.given;
  const { core } = arrangement;
  const missing = { code: 'ResourceNotFoundException', message: expect.stringMatching(/^Vault not found for ARN: /) };
  setsOf().mockResolvedValue('gone');
  vi.spyOn(metadata.vaultTags, 'add').mockResolvedValue('gone');
  vi.spyOn(metadata.vaultTags, 'remove').mockResolvedValue(false);
  vi.spyOn(metadata.notificationConfigurations, 'set').mockResolvedValue(false);
  const configuration = { topic: 'topic', events: [] };
  for (const change of [
    set(naming(VAULT.accountId)),
    core.tags.add({ vault: VAULT, tags: new Map() }),
    core.tags.remove({ vault: VAULT, tagKeys: [] }),
    core.notificationConfigurations.set({ vault: VAULT, configuration }),
  ]) {
    await expect(change).rejects.toMatchObject(missing);
  }
});
