// biome-ignore lint/style/noRestrictedImports: the published SDK is the judge of this list; the server never imports it
import * as sdk from '@aws-sdk/client-glacier';
import { expect, test } from 'vitest';
import { ACTION_NAMES, ACTIONS, fullNameOf, isActionName, resourceArn } from './actions.ts';

const OPERATIONS = ACTION_NAMES.filter((name) => name !== 'PutObject');
const named = (wanted: (name: (typeof ACTION_NAMES)[number]) => boolean): string[] => OPERATIONS.filter(wanted);

test('there is an action for every operation of the SDK', () => {
  const commands = Object.keys(sdk).filter((name) => /^[A-Z].*Command$/.test(name) && name !== '$Command');
  expect(commands.map((name) => name.replace(/Command$/, '')).sort()).toEqual([...OPERATIONS].sort());
  expect(OPERATIONS).toHaveLength(33);
});

test('three are for identity policies only', () => {
  expect(named((name) => !ACTIONS[name].inVaultPolicies)).toEqual([
    'CreateVault',
    'GetDataRetrievalPolicy',
    'SetDataRetrievalPolicy',
  ]);
});

test('the age of an archive is known to two, the tags of the vault to fifteen', () => {
  const carrying = (key: string): string[] =>
    named((name) => (ACTIONS[name].carries as readonly string[]).includes(key));
  expect(carrying('archive-age')).toEqual(['DeleteArchive', 'InitiateJob']);
  expect(carrying('resource-tag')).toHaveLength(15);
  const bare = /^(Get|List|Describe|Abort|Create|Purchase|SetData)/;
  expect(carrying('resource-tag')).toEqual(named((name) => !bare.test(name)));
});

test('vault locks, tags and what has no vault answer the own account only', () => {
  expect(named((name) => ACTIONS[name].ownAccountOnly)).toEqual(
    named((name) => /VaultLock|Tags|^ListVaults|^CreateVault|DataRetrieval|Provisioned/.test(name)),
  );
});

test('every action has an ARN', () => {
  const place = { region: 'us-east-1', accountId: '111122223333', vaultName: 'v' };
  const account = 'arn:aws:glacier:us-east-1:111122223333';
  expect(resourceArn('UploadArchive', place)).toBe(`${account}:vaults/v`);
  expect(resourceArn('CreateVault', place)).toBe(`${account}:vaults/v`);
  expect(resourceArn('ListVaults', place)).toBe(`${account}:vaults/`);
  expect(resourceArn('SetDataRetrievalPolicy', place)).toBe(`${account}:policies/retrieval-limit-policy`);
  expect(resourceArn('PurchaseProvisionedCapacity', place)).toBe(`${account}:provisioned-capacity`);
  const object = { bucketName: 'b', key: 'p/job.txt' };
  expect(resourceArn('PutObject', { ...place, object })).toBe('arn:aws:s3:::b/p/job.txt');
});

test('one action is of S3, for identity policies of the own account', () => {
  expect(ACTION_NAMES.filter((name) => ACTIONS[name].on === 'object')).toEqual(['PutObject']);
  expect(fullNameOf('PutObject')).toBe('s3:PutObject');
  expect(ACTIONS.PutObject).toMatchObject({ inVaultPolicies: false, ownAccountOnly: true });
});

test('no property of objects is an action', () => {
  expect(['constructor', '__proto__', 'toString', 'describevault'].filter(isActionName)).toEqual([]);
});
