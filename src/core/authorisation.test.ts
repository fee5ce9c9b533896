import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { T0, type TestArrangement, testArrangement, uploadBytes, VAULT } from '../../test/support/arrangement.ts';
import type { VaultPolicies } from '../metadata/vault-policies.ts';
import { DAY_MS } from '../model/limits.ts';
import type { VaultLock } from '../model/vault-locks.ts';
import type { Wish } from './authorisation.ts';
import { type Caller, rootCaller } from './callers.ts';

const OWN = VAULT.accountId;
const OTHER = '444455556666';
const ARN = `arn:aws:glacier:us-east-1:${OWN}:vaults/vault`;

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await arrangement[Symbol.asyncDispose]();
});

const statement = (members: object) => JSON.stringify({ Version: '2012-10-17', Statement: [members] });
const allow = (members: object = {}) => statement({ Effect: 'Allow', Action: 'glacier:*', Resource: '*', ...members });
const root = (accountId = OWN) => rootCaller({ accessKeyId: 'AKIAROOT', accountId });
const user = (accountId: string, ...identityPolicies: string[]): Caller => ({
  accessKeyId: 'AKIABOB',
  accountId,
  principal: {
    type: 'user',
    accountId,
    arn: `arn:aws:iam::${accountId}:user/bob`,
    userId: 'AIDABOB',
    userName: 'bob',
  },
  identityPolicies,
  sessionPolicies: [],
});

/** The vault's policies, as if somebody had set them. */
function withPolicies({ access = null, lock = null }: Partial<Pick<VaultPolicies, 'access' | 'lock'>>): void {
  vi.restoreAllMocks();
  const { vaultPolicies } = arrangement.given.metadata;
  const real = vaultPolicies.find.bind(vaultPolicies);
  vi.spyOn(vaultPolicies, 'find').mockImplementation(async (name) => {
    const found = await real(name);
    return found && { ...found, access, lock };
  });
}

const lockWith = (document: string, expiresAtMs: number | null = null): VaultLock => ({
  id: 'id',
  document,
  state: expiresAtMs === null ? 'Locked' : 'InProgress',
  createdAtMs: T0,
  expiresAtMs,
});

const wish = (members: Partial<Wish> = {}): Wish => ({
  action: 'DescribeVault',
  caller: root(),
  accountId: OWN,
  vaultName: 'vault',
  circumstances: { secureTransport: false, sourceIp: '198.51.100.9' },
  subject: {},
  ...members,
});
const refusal = (members: Partial<Wish>) =>
  arrangement.core.authorisation.require(wish(members)).then(
    () => 'allowed',
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  );

describe('within an account', () => {
  test('root may do anything that nothing denies', async () => {
    expect(await refusal({})).toBe('allowed');
    expect(await refusal({ vaultName: 'missing' })).toBe('allowed');
    expect(await refusal({ vaultName: 'no:name', action: 'CreateVault' })).toBe('allowed');
    expect(await refusal({ vaultName: undefined, action: 'ListVaults' })).toBe('allowed');
  });

  test('a user may do what its policies allow, and hears why not', async () => {
    const caller = user(OWN, allow({ Action: 'glacier:DescribeVault', Resource: ARN }));
    expect(await refusal({ caller })).toBe('allowed');
    expect(await refusal({ caller, action: 'DeleteVault' })).toBe(
      `AccessDeniedException: User: arn:aws:iam::${OWN}:user/bob is not authorized to perform: glacier:DeleteVault ` +
        `on resource: ${ARN} because no policy allows the glacier:DeleteVault action`,
    );
    expect(await refusal({ caller: user(OWN) })).toContain('no policy allows');
  });

  test('a missing vault is refused like any other to who may not see it', async () => {
    expect(await refusal({ caller: user(OWN), vaultName: 'missing' })).toContain('vaults/missing because no policy');
  });

  test('a deny in any policy binds root too, and is named', async () => {
    const denied = (where: string) => expect.stringContaining(`on resource: ${ARN} with an explicit deny in ${where}`);
    const deny = statement({ Effect: 'Deny', Principal: '*', Action: 'glacier:DescribeVault', Resource: ARN });
    withPolicies({ access: deny });
    expect(await refusal({})).toEqual(denied('the access policy of the vault'));
    withPolicies({ lock: lockWith(deny) });
    expect(await refusal({})).toEqual(denied('the vault lock policy'));
    withPolicies({});
    const own = user(OWN, allow(), statement({ Effect: 'Deny', Action: 'glacier:Describe*', Resource: '*' }));
    expect(await refusal({ caller: own })).toEqual(denied('an identity-based policy'));
  });

  test('a lock that was not completed in time counts for nothing', async () => {
    const document = statement({ Effect: 'Deny', Principal: '*', Action: 'glacier:*', Resource: ARN });
    withPolicies({ lock: lockWith(document, T0 + 1) });
    expect(await refusal({})).toContain('vault lock policy');
    arrangement.clock.atMs += 1;
    expect(await refusal({})).toBe('allowed');
  });

  test('a stored policy that cannot be read denies everything', async () => {
    withPolicies({ access: '{"Statement": [' });
    expect(await refusal({})).toContain('explicit deny in the access policy');
    withPolicies({});
    expect(await refusal({ caller: user(OWN, allow(), 'damaged') })).toContain('identity-based policy');
  });

  test('temporary credentials can do no more than their own policy', async () => {
    const caller = { ...root(), sessionPolicies: [allow({ Action: 'glacier:Describe*' })], token: { issuedAtMs: T0 } };
    expect(await refusal({ caller })).toBe('allowed');
    expect(await refusal({ caller, action: 'DeleteVault' })).toContain('because the session policy and those of');
  });
});

describe('what policies ask about', () => {
  test('the age of the archive, in whole days', async () => {
    const archiveId = await uploadBytes(arrangement, Buffer.from('kept'));
    const Condition = { NumericLessThan: { 'glacier:ArchiveAgeinDays': '365' } };
    const lock = statement({ Effect: 'Deny', Principal: '*', Action: 'glacier:*', Resource: ARN, Condition });
    withPolicies({ lock: lockWith(lock) });
    const asked = (members: Partial<Wish>) => refusal({ subject: { archiveId }, ...members });
    arrangement.clock.atMs += 365 * DAY_MS - 1;
    expect(await asked({ action: 'DeleteArchive' })).toContain('vault lock policy');
    expect(await asked({ action: 'InitiateJob' })).toContain('vault lock policy');
    expect(await asked({ action: 'GetJobOutput' })).toBe('allowed');
    arrangement.clock.atMs += 1;
    expect(await asked({ action: 'DeleteArchive' })).toBe('allowed');
  });

  test('an archive of another vault has no age here', async () => {
    const archiveId = await uploadBytes(arrangement, Buffer.from('kept'));
    await arrangement.core.vaults.create({ ...VAULT, name: 'other' });
    const Condition = { Null: { 'glacier:ArchiveAgeInDays': 'false' } };
    const caller = user(OWN, allow({ Condition }));
    const asked = { caller, action: 'DeleteArchive', subject: { archiveId } } as const;
    expect(await refusal(asked)).toBe('allowed');
    expect(await refusal({ ...asked, vaultName: 'other' })).toContain('no policy allows');
  });

  test('where the request came from, and how', async () => {
    const caller = user(OWN, allow({ Condition: { IpAddress: { 'aws:SourceIp': '198.51.100.0/24' } } }));
    expect(await refusal({ caller })).toBe('allowed');
    expect(await refusal({ caller, circumstances: { secureTransport: true, sourceIp: '203.0.113.1' } })).toContain(
      'no',
    );
    const tls = user(OWN, allow({ Condition: { Bool: { 'aws:SecureTransport': 'true' } } }));
    expect(await refusal({ caller: tls })).toContain('no policy allows');
  });
});

describe('across accounts', () => {
  const grant = (members: object = {}) =>
    allow({ Principal: { AWS: OTHER }, Action: 'glacier:DescribeVault', Resource: ARN, ...members });
  const nothing = `AccessDeniedException: Access denied for account ID: ${OWN}`;

  test('S-41 a vault that is there and one that is not are refused alike, whatever its policies say', async () => {
    const caller = root(OTHER);
    expect(await refusal({ caller })).toBe(nothing);
    expect(await refusal({ caller, vaultName: 'missing' })).toBe(nothing);
    withPolicies({ access: statement({ Effect: 'Deny', Principal: '*', Action: 'glacier:*', Resource: ARN }) });
    expect(await refusal({ caller })).toBe(nothing);
    expect(await refusal({ caller: user(OTHER) })).toBe(nothing);
  });

  test('the access policy lets the root of an account in, and its users as far as theirs go', async () => {
    withPolicies({ access: grant() });
    expect(await refusal({ caller: root(OTHER) })).toBe('allowed');
    expect(await refusal({ caller: root(OTHER), action: 'DeleteVault' })).toBe(nothing);
    expect(await refusal({ caller: root('777788889999') })).toBe(nothing);
    expect(await refusal({ caller: user(OTHER) })).toBe(nothing);
    expect(await refusal({ caller: user(OTHER, allow()) })).toBe('allowed');
  });

  test('S-41 a vault is not even looked at for those whom its policies could not let in', async () => {
    withPolicies({ access: grant() });
    const { find } = arrangement.given.metadata.vaultPolicies;
    expect(await refusal({ caller: user(OTHER) })).toBe(nothing);
    expect(await refusal({ caller: user(OTHER, allow({ Action: 'glacier:DeleteVault' })) })).toBe(nothing);
    expect(await refusal({ caller: root(OTHER), action: 'GetVaultLock' })).toBe(nothing);
    expect(find).not.toHaveBeenCalled();
    expect(await refusal({ caller: user(OTHER, allow()) })).toBe('allowed');
    expect(find).toHaveBeenCalledTimes(1);
  });

  test('what belongs to the account itself is nobody else’s', async () => {
    withPolicies({ access: allow({ Principal: { AWS: OTHER }, Resource: ARN }) });
    for (const action of ['CreateVault', 'ListTagsForVault', 'InitiateVaultLock', 'GetVaultLock'] as const) {
      expect(await refusal({ caller: root(OTHER), action })).toBe(nothing);
    }
    expect(await refusal({ caller: root(OTHER), action: 'ListVaults', vaultName: undefined })).toBe(nothing);
  });
});

test('a name that no vault can have is judged by its beginning, however long it is', async () => {
  const vaultName = 'a'.repeat(12_000);
  const resource = `${ARN.replace(/vault$/, '')}${'a'.repeat(256)}`;
  expect(await refusal({ vaultName, caller: user(OWN) })).toBe(
    `AccessDeniedException: User: arn:aws:iam::${OWN}:user/bob is not authorized to perform: glacier:DescribeVault ` +
      `on resource: ${resource} because no policy allows the glacier:DescribeVault action`,
  );
  expect(await refusal({ vaultName, caller: user(OWN, allow({ Resource: `${ARN.slice(0, -5)}*` })) })).toBe('allowed');
  const whole = allow({ Resource: `${ARN.slice(0, -5)}${'a'.repeat(255)}` });
  expect(await refusal({ vaultName, caller: user(OWN, whole) })).toContain('AccessDeniedException');
});
