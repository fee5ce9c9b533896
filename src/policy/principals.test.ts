import { describe, expect, test } from 'vitest';
import { type CompiledPolicy, compilePolicy } from './compile.ts';
import type { Principal } from './context.ts';
import { evaluate } from './evaluate.ts';

const OWN = '111122223333';
const OTHER = '444455556666';
const VAULT = `arn:aws:glacier:us-east-1:${OWN}:vaults/deeds`;
const iam = (accountId: string, name: string): string => `arn:aws:iam::${accountId}:${name}`;

const root = (accountId: string): Principal => ({
  type: 'root',
  accountId,
  arn: iam(accountId, 'root'),
  userId: accountId,
});
const user = (accountId: string, name: string): Principal => ({
  type: 'user',
  accountId,
  arn: iam(accountId, `user/${name}`),
  userId: `AIDA${name}`,
  userName: name.slice(name.lastIndexOf('/') + 1),
});
const PRINCIPALS = {
  root: root(OWN),
  bob: user(OWN, 'bob'),
  carol: user(OWN, 'team/carol'),
  session: {
    type: 'assumed-role',
    accountId: OWN,
    arn: `arn:aws:sts::${OWN}:assumed-role/auditor/night`,
    issuerArn: iam(OWN, 'role/law/auditor'),
    userId: 'AROA:night',
  },
  federated: {
    type: 'federated-user',
    accountId: OWN,
    arn: `arn:aws:sts::${OWN}:federated-user/fay`,
    issuerArn: iam(OWN, 'user/bob'),
    userId: `${OWN}:fay`,
  },
  partner: root(OTHER),
  alice: user(OTHER, 'alice'),
  anonymous: { type: 'user', accountId: '', arn: '*', userId: '' },
} satisfies Record<string, Principal>;
type Name = keyof typeof PRINCIPALS;
const EVERYBODY = Object.keys(PRINCIPALS) as Name[];

const everything = compilePolicy(JSON.stringify({ Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }), {
  kind: 'identity',
});
const access = (statement: object): CompiledPolicy =>
  compilePolicy(JSON.stringify({ Statement: { Action: 'glacier:*', Resource: VAULT, ...statement } }), {
    kind: 'access',
    vaultArn: VAULT,
  });

/** Those whom an access policy lets describe the vault; with `may`, their own policies allow everything. */
const allowed = (policy: CompiledPolicy, may: boolean): Name[] =>
  EVERYBODY.filter((name) => {
    const principal = PRINCIPALS[name];
    const identity = may ? [everything] : [];
    const request = { action: 'DescribeVault', resource: VAULT, resourceAccountId: OWN, context: new Map() } as const;
    return evaluate({ ...request, principal }, { identity, access: policy }).allowed;
  });

const inOwn: Name[] = ['root', 'bob', 'carol', 'session', 'federated'];

describe('S-51 Principal', () => {
  test.each<[string, unknown, Name[], Name[]]>([
    ['*', '*', [...inOwn, 'partner'], [...inOwn, 'partner', 'alice']],
    ['{"AWS": "*"}', { AWS: '*' }, [...inOwn, 'partner'], [...inOwn, 'partner', 'alice']],
    ['an account by its number', { AWS: OTHER }, ['root', 'partner'], [...inOwn, 'partner', 'alice']],
    ['an account by its root', { AWS: iam(OTHER, 'root') }, ['root', 'partner'], [...inOwn, 'partner', 'alice']],
    ['the own account', { AWS: OWN }, ['root'], inOwn],
    ['a user, and those who federated from it', { AWS: iam(OWN, 'user/bob') }, ['root', 'bob', 'federated'], inOwn],
    ['a user with a path', { AWS: iam(OWN, 'user/team/carol') }, ['root', 'carol'], inOwn],
    ['a user without its path', { AWS: iam(OWN, 'user/carol') }, ['root'], inOwn],
    ['a user in another case', { AWS: iam(OWN, 'user/Bob') }, ['root'], inOwn],
    ['a role, for its sessions', { AWS: iam(OWN, 'role/law/auditor') }, ['root', 'session'], inOwn],
    ['a role without its path', { AWS: iam(OWN, 'role/auditor') }, ['root'], inOwn],
    ['one session', { AWS: PRINCIPALS.session.arn }, ['root', 'session'], inOwn],
    ['another session', { AWS: `${PRINCIPALS.session.arn}s` }, ['root'], inOwn],
    ['a federated user', { AWS: PRINCIPALS.federated.arn }, ['root', 'federated'], inOwn],
    ['a user of another account', { AWS: iam(OTHER, 'user/alice') }, ['root'], [...inOwn, 'alice']],
    ['somebody who is not there', { AWS: iam(OWN, 'user/deleted') }, ['root'], inOwn],
    [
      'a mixed list',
      { AWS: [OTHER, iam(OWN, 'user/bob'), PRINCIPALS.session.arn] },
      ['root', 'bob', 'session', 'federated', 'partner'],
      [...inOwn, 'partner', 'alice'],
    ],
  ])('%s', (_, Principal, alone, withOwn) => {
    const policy = access({ Effect: 'Allow', Principal });
    expect(allowed(policy, false)).toEqual(alone);
    expect(allowed(policy, true)).toEqual(withOwn);
  });

  test.each<[string, unknown, Name[]]>([
    ['*', '*', []],
    ['an account', { AWS: OWN }, ['partner', 'alice']],
    ['a user', { AWS: iam(OWN, 'user/bob') }, ['root', 'carol', 'session', 'partner', 'alice']],
    ['a role', { AWS: iam(OWN, 'role/law/auditor') }, ['root', 'bob', 'carol', 'federated', 'partner', 'alice']],
  ])('%s, denied', (_, Principal, others) => {
    const both = compilePolicy(
      JSON.stringify({
        Statement: [
          { Effect: 'Deny', Principal, Action: 'glacier:*', Resource: VAULT },
          { Effect: 'Allow', Principal: '*', Action: 'glacier:*', Resource: VAULT },
        ],
      }),
      { kind: 'access', vaultArn: VAULT },
    );
    expect(allowed(both, true)).toEqual(others);
  });

  test.each<[string, unknown, Name[]]>([
    ['a user', { AWS: iam(OWN, 'user/bob') }, ['bob']],
    ['an account, which is its root alone', { AWS: OWN }, ['root']],
    ['a role, which is none of its sessions', { AWS: iam(OWN, 'role/law/auditor') }, []],
    ['a session', { AWS: PRINCIPALS.session.arn }, ['session']],
    ['a user by its federated session', { AWS: PRINCIPALS.federated.arn }, ['federated']],
  ])('NotPrincipal with Deny spares %s', (_, NotPrincipal, spared) => {
    expect(allowed(access({ Effect: 'Deny', NotPrincipal }), true)).toEqual(spared);
  });
});
