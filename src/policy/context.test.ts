import { describe, expect, test } from 'vitest';
import { type Principal, type RequestFacts, requestContext, UNKNOWN } from './context.ts';
import { CONDITION_KEYS } from './keys.ts';

const OWN = '111122223333';
const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const bob: Principal = {
  type: 'user',
  accountId: OWN,
  arn: `arn:aws:iam::${OWN}:user/bob`,
  userId: 'AIDABOB',
  userName: 'bob',
  tags: new Map([['Team', 'law']]),
};
const least: RequestFacts = {
  action: 'DescribeVault',
  principal: bob,
  resourceAccountId: '444455556666',
  region: 'us-east-1',
  nowMs: NOW_MS,
  secureTransport: false,
};
const answer = (key: string, change: Partial<RequestFacts> = {}) =>
  requestContext({ ...least, ...change }).get(key.toLowerCase());

test.each([
  ['aws:CurrentTime', '2026-01-02T03:04:05.678Z'],
  ['aws:EpochTime', '1767323045'],
  ['aws:PrincipalAccount', OWN],
  ['aws:PrincipalArn', bob.arn],
  ['aws:PrincipalTag/team', ['law']],
  ['aws:PrincipalType', 'User'],
  ['aws:RequestedRegion', 'us-east-1'],
  ['aws:ResourceAccount', '444455556666'],
  ['aws:SecureTransport', 'false'],
  ['aws:userid', 'AIDABOB'],
  ['aws:username', 'bob'],
  ['aws:ViaAWSService', 'false'],
  ['aws:PrincipalIsAWSService', 'false'],
  ['aws:MultiFactorAuthPresent', undefined],
  ['aws:MultiFactorAuthAge', undefined],
  ['aws:TokenIssueTime', undefined],
  ['aws:SourceIp', undefined],
  ['aws:UserAgent', undefined],
  ['aws:Referer', undefined],
  ['aws:PrincipalTag/other', undefined],
  ['aws:Nothing', undefined],
  ['aws:Nothing/else', undefined],
])('%s is %j', (key, expected) => {
  expect(answer(key)).toEqual(expected);
});

test('every key that a policy may test has an answer somewhere', () => {
  const full: Partial<RequestFacts> = {
    sourceIp: '192.0.2.1',
    userAgent: 'agent',
    referer: 'page',
    token: { issuedAtMs: NOW_MS - 5000, mfaAtMs: NOW_MS - 4000 },
    archiveAgeInDays: 7,
    resourceTags: new Map([['team', 'tax']]),
    requestTags: new Map([['team', 'tax']]),
    tagKeys: ['team'],
  };
  const silent = CONDITION_KEYS.filter(({ name }) => {
    const key = name.endsWith('/') ? `${name}team` : name;
    return (['DeleteArchive', 'AddTagsToVault'] as const).every(
      (action) => answer(key, { ...full, action }) === undefined,
    );
  });
  expect(silent).toEqual([]);
  expect(answer('aws:MultiFactorAuthAge', full)).toBe('4');
  expect(answer('aws:TokenIssueTime', full)).toBe('2026-01-02T03:04:00.678Z');
  expect(answer('aws:MultiFactorAuthPresent', { token: { issuedAtMs: NOW_MS } })).toBe('false');
});

describe('what only some requests carry', () => {
  test('the age of an archive', () => {
    const aged = { archiveAgeInDays: 7 };
    expect(answer('glacier:ArchiveAgeInDays', { ...aged, action: 'DeleteArchive' })).toBe('7');
    expect(answer('glacier:ArchiveAgeInDays', { ...aged, action: 'InitiateJob' })).toBe('7');
    expect(answer('glacier:ArchiveAgeInDays', { ...aged, action: 'DeleteVault' })).toBeUndefined();
    expect(answer('glacier:ArchiveAgeInDays', { action: 'InitiateJob' })).toBeUndefined();
    expect(answer('glacier:ArchiveAgeInDays', { archiveAgeInDays: UNKNOWN, action: 'DeleteArchive' })).toBe(UNKNOWN);
  });

  test('the tags of the vault, whatever their case', () => {
    const resourceTags = new Map([
      ['Hold', 'a'],
      ['HOLD', 'b'],
    ]);
    expect(answer('glacier:ResourceTag/hold', { resourceTags, action: 'DeleteArchive' })).toEqual(['a', 'b']);
    expect(answer('aws:ResourceTag/hold', { resourceTags, action: 'DeleteArchive' })).toEqual(['a', 'b']);
    expect(answer('glacier:ResourceTag/hold', { resourceTags, action: 'GetJobOutput' })).toBeUndefined();
    expect(answer('glacier:ResourceTag/hold', { resourceTags: UNKNOWN, action: 'DeleteArchive' })).toBe(UNKNOWN);
    const greek = new Map([['ΑΣ', 'a']]);
    expect(answer('glacier:ResourceTag/ασ', { resourceTags: greek, action: 'DeleteArchive' })).toEqual(['a']);
  });

  test('tags that nobody gave are unknown, those that are not there are not', () => {
    expect(answer('glacier:ResourceTag/hold', { action: 'DeleteArchive' })).toBe(UNKNOWN);
    expect(answer('aws:RequestTag/hold', { action: 'AddTagsToVault' })).toBe(UNKNOWN);
    expect(answer('aws:TagKeys', { action: 'RemoveTagsFromVault' })).toBe(UNKNOWN);
    const none = new Map<string, string>();
    expect(answer('glacier:ResourceTag/hold', { action: 'DeleteArchive', resourceTags: none })).toBeUndefined();
    expect(answer('aws:RequestTag/hold', { action: 'AddTagsToVault', requestTags: none })).toBeUndefined();
    expect(answer('glacier:ResourceTag/hold', { action: 'GetJobOutput' })).toBeUndefined();
  });

  test('a tag key such as __proto__ is a key as any other', () => {
    const resourceTags = new Map([['__proto__', 'a']]);
    expect(answer('glacier:ResourceTag/__proto__', { resourceTags, action: 'DeleteArchive' })).toEqual(['a']);
    expect(answer('glacier:ResourceTag/constructor', { resourceTags, action: 'DeleteArchive' })).toBeUndefined();
  });
});

test.each<[Partial<Principal>, string, string | undefined, string]>([
  [{ type: 'root', arn: `arn:aws:iam::${OWN}:root` }, 'Account', undefined, `arn:aws:iam::${OWN}:root`],
  [
    { type: 'assumed-role', arn: `arn:aws:sts::${OWN}:assumed-role/r/s`, issuerArn: `arn:aws:iam::${OWN}:role/r` },
    'AssumedRole',
    undefined,
    `arn:aws:iam::${OWN}:role/r`,
  ],
  [
    { type: 'federated-user', arn: `arn:aws:sts::${OWN}:federated-user/f`, issuerArn: bob.arn },
    'FederatedUser',
    undefined,
    `arn:aws:sts::${OWN}:federated-user/f`,
  ],
])('a principal of another type: %j', (change, type, userName, arn) => {
  const principal = { ...bob, ...change };
  expect(answer('aws:PrincipalType', { principal })).toBe(type);
  expect(answer('aws:username', { principal })).toBe(userName);
  expect(answer('aws:PrincipalArn', { principal })).toBe(arn);
});
