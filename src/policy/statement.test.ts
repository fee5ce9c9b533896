import { describe, expect, test } from 'vitest';
import { ACTION_NAMES, ACTIONS } from './actions.ts';
import { compilePolicy } from './compile.ts';

const VAULT = 'arn:aws:glacier:us-east-1:111122223333:vaults/deeds';
const starting = (start: string): string[] => ACTION_NAMES.filter((name) => name.startsWith(start));
const but = (...names: string[]): string[] => ACTION_NAMES.filter((name) => !names.includes(name));
const ofVaults = ACTION_NAMES.filter((name) => ACTIONS[name].inVaultPolicies);

/** The actions that a statement turns out to speak of. */
function actions(statement: object, vaultArn?: string): string[] {
  const common = vaultArn === undefined ? { Resource: '*' } : { Principal: '*', Resource: vaultArn };
  const text = JSON.stringify({ Statement: { Effect: 'Deny', ...common, ...statement } });
  const policy = compilePolicy(text, vaultArn === undefined ? { kind: 'identity' } : { kind: 'lock', vaultArn });
  return [...policy.denies.keys()];
}

describe('S-52', () => {
  test.each<[object, string[]]>([
    [{ Action: '*' }, but()],
    [{ Action: '*:*' }, but()],
    [{ Action: 'glacier:*' }, but('PutObject')],
    [{ Action: 'g*r:*' }, but('PutObject')],
    [{ Action: 's3:*' }, ['PutObject']],
    [{ Action: ['S3:put*', 'glacier:ListJobs'] }, ['ListJobs', 'PutObject']],
    [{ Action: 'GLACIER:deletearchive' }, ['DeleteArchive']],
    [{ Action: 'glacier:Delete?rchive' }, ['DeleteArchive']],
    [{ Action: 'glacier:delete*' }, starting('Delete')],
    [{ Action: 'glacier:*archive' }, ['DeleteArchive', 'UploadArchive']],
    [{ Action: ['glacier:ListJobs', 'glacier:Get*'] }, [...starting('Get'), 'ListJobs']],
    [{ NotAction: 'glacier:DeleteArchive' }, but('DeleteArchive')],
    [{ NotAction: ['GLACIER:delete*', 'glacier:ListJobs'] }, but(...starting('Delete'), 'ListJobs')],
  ])('an identity policy with %j', (statement, expected) => {
    expect(actions(statement).sort()).toEqual([...expected].sort());
  });

  test.each<[object, string[]]>([
    [{ Action: '*' }, ofVaults],
    [{ Action: 'glacier:*' }, ofVaults],
    [{ Action: 'glacier:?reateVault*', NotAction: undefined }, []],
    [{ NotAction: 'glacier:*Archive' }, ofVaults.filter((name) => !name.endsWith('Archive'))],
  ])("a vault's own policy with %j", (statement, expected) => {
    if (expected.length > 0) expect(actions(statement, VAULT)).toEqual(expected);
    else expect(() => actions(statement, VAULT)).toThrow('can be granted by identity policies only');
  });
});
