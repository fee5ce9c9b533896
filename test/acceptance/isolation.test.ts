import * as sdk from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Credentials, newAccount, newKey, newUser } from '../support/identities.ts';
import { ISOLATION_ROWS, type Row, SELECT_ROWS } from '../support/isolation-rows.ts';
import { everythingOf, newWorld, setAccessPolicy, vaultPolicy, type World } from '../support/isolation-world.ts';
import { type RawAnswer, type RawRequest, send } from '../support/raw-client.ts';
import { objectsIn } from '../support/select-output.ts';
import { ACCOUNT_ID, startServer, type TestServer } from '../support/server.ts';

/**
 * Every operation, asked for by everybody who may not have it: the answer says nothing and nothing changes. The rows are
 * held against the published API here and against the server's routes in src/api/operations, so no route lacks one.
 */
let server: TestServer;
let root: Credentials;
let other: Credentials;
let otherUser: Credentials;
let nobody: Credentials;
/** May do everything and is denied everything, by the policy of its user or of its session. */
let denied: Record<'user' | 'session', Credentials>;
beforeAll(async () => {
  server = await startServer();
  const { url, accessKeyId, secretAccessKey } = server;
  root = { url, accountId: ACCOUNT_ID, accessKeyId, secretAccessKey };
  other = await newAccount(server);
  const statement = (Effect: string) => ({ Effect, Action: 'glacier:*', Resource: '*' });
  const policies = [{ Version: '2012-10-17', Statement: [statement('Allow')] }];
  const denials = [...policies, { Version: '2012-10-17', Statement: [statement('Deny')] }];
  otherUser = await newUser(server, { accountId: other.accountId, name: 'everything', policies });
  nobody = await newUser(server, { accountId: ACCOUNT_ID, name: 'nobody' });
  denied = {
    user: await newUser(server, { accountId: ACCOUNT_ID, name: 'denied', policies: denials }),
    session: await newKey(server, { accountId: ACCOUNT_ID, expires: '1h', policy: denials[1] ?? {} }),
  };
});
afterAll(() => server[Symbol.asyncDispose]());

const operationNames = Object.keys(sdk)
  .filter((name) => /\wCommand$/.test(name) && name !== '$Command')
  .map((name) => name.replace(/Command$/, ''))
  .sort();

test('S-13 every operation has a row', () => {
  expect(Object.keys(ISOLATION_ROWS).sort()).toEqual(operationNames);
});

/** Sends a row's request as somebody, for an account as the path has it. */
function ask(who: Credentials, row: Row, world: World, accountSegment = '-'): Promise<RawAnswer> {
  return sendAs(who, row.request(world), accountSegment);
}

function sendAs(who: Credentials, request: RawRequest, accountSegment: string): Promise<RawAnswer> {
  const token = who.sessionToken === undefined ? {} : { 'x-amz-security-token': who.sessionToken };
  const path = `/${accountSegment}${request.path}`;
  return send(who, { ...request, path, headers: { ...request.headers, ...token } });
}

const errorText = (code: string, message: string) => JSON.stringify({ message, code, type: 'Client' });
const foreign = {
  status: 403,
  text: errorText('AccessDeniedException', `Access denied for account ID: ${ACCOUNT_ID}`),
};
const worldFor = (row: Row, more: { lockPolicy?: (arn: string) => string } = {}) =>
  newWorld(root, {
    accountId: ACCOUNT_ID,
    ...(row.unlocked && more.lockPolicy === undefined ? { lockPolicy: null } : more),
  });
const NO_ACCOUNTS = [
  ...['', '0-', '--', '*', 'root', '11112222333', '1111222233334', '%20', `${ACCOUNT_ID}%20`],
  encodeURIComponent('１１１１２２２２３３３３'),
];

describe.each(Object.entries({ ...ISOLATION_ROWS, ...SELECT_ROWS }))('%s', (title, row) => {
  const { operation: name = title } = row;
  /** For requests that change nothing, as is looked at each time. */
  let world: World;
  beforeAll(async () => {
    world = await worldFor(row);
  });

  test.each(['-', ACCOUNT_ID])('S-40 is for the account itself, written as %s', async (segment) => {
    const answer = await ask(root, row, await worldFor(row), segment);
    expect([answer.status, answer.status < 300 ? '' : answer.text]).toEqual([
      row.status,
      row.status < 300 ? '' : expect.any(String),
    ]);
  });

  test('S-40 is for nobody else in the account, nor outside of it, whether the vault is there or not', async () => {
    const before = await everythingOf(root, world);
    const asUser = await ask(nobody, row, world);
    expect(asUser).toMatchObject({ status: 403, json: { code: 'AccessDeniedException', type: 'Client' } });
    expect(asUser.json.message).toContain(
      `is not authorized to perform: glacier:${name} on resource: arn:aws:glacier:`,
    );
    const absent = { ...world, vaultName: 'was-never-made' };
    for (const who of [other, otherUser]) {
      expect(await ask(who, row, world, ACCOUNT_ID), 'S-41 there').toMatchObject(foreign);
      expect(await ask(who, row, absent, ACCOUNT_ID), 'S-41 not there').toMatchObject(foreign);
    }
    expect(await everythingOf(root, world)).toBe(before);
  });

  test('S-17 S-40 with - means the own account of the caller, in which nothing of the others can be seen', async () => {
    const before = await everythingOf(root, world);
    const answer = await ask(other, row, world);
    if (row.on === 'vault' && !['CreateVault', 'DeleteVault'].includes(name)) {
      expect(answer.status).toBe(404);
      expect(answer.text).not.toContain(ACCOUNT_ID);
    }
    expect(await everythingOf(root, world)).toBe(before);
  });

  test('S-40 is refused for accounts that nobody has', async () => {
    const before = await everythingOf(root, world);
    for (const segment of NO_ACCOUNTS) {
      const answer = await ask(root, row, world, segment);
      expect([403, 404], segment).toContain(answer.status);
      expect(['AccessDeniedException', 'UnknownOperationException']).toContain(answer.json.code);
    }
    expect(await everythingOf(root, world)).toBe(before);
  });

  test('S-50 is refused by a deny in each kind of policy, and nothing changes', async () => {
    const deny = (arn: string) => vaultPolicy(arn, { Effect: 'Deny', Action: `glacier:${name}` });
    const world = await worldFor(row);
    const before = await everythingOf(root, world);
    for (const [who, where] of [
      ['user', 'an identity-based policy'],
      ['session', 'a session policy'],
    ] as const) {
      const answer = await ask(denied[who], row, world);
      expect(answer).toMatchObject({ status: 403, json: { code: 'AccessDeniedException' } });
      expect(answer.json.message).toContain(`with an explicit deny in ${where}`);
    }
    expect(await everythingOf(root, world)).toBe(before);
    if (!row.inVaultPolicies || row.on === 'account') return;
    const lockWorld = await worldFor(row, { lockPolicy: deny });
    // What a policy denies to all it denies to whoever would look, so the look is left out.
    const locked = await ask(root, row, lockWorld);
    expect(locked).toMatchObject({ status: 403 });
    expect(locked.json.message).toContain('with an explicit deny in the vault lock policy');
    await setAccessPolicy(root, { path: `/-/vaults/${world.vaultName}`, policy: deny(world.vaultArn) });
    const access = await ask(root, row, world);
    expect(access).toMatchObject({ status: 403 });
    expect(access.json.message).toContain('with an explicit deny in the access policy of the vault');
  });

  test('S-40 is shared with another account by the policy of the vault, if it can be shared at all', async () => {
    if (row.on === 'account') return;
    const world = await worldFor(row);
    const grant = {
      Effect: 'Allow',
      Principal: { AWS: other.accountId },
      Action: row.inVaultPolicies ? `glacier:${name}` : 'glacier:*',
    };
    const policy = vaultPolicy(world.vaultArn, grant);
    await setAccessPolicy(root, { path: `/-/vaults/${world.vaultName}`, policy });
    const answers = [await ask(other, row, world, ACCOUNT_ID)];
    // What the first one has changed, or taken away, is not there for a second one.
    const lasts = row.names === undefined && !name.endsWith('VaultAccessPolicy');
    if (lasts) answers.push(await ask(otherUser, row, world, ACCOUNT_ID));
    for (const answer of answers) {
      if (row.shareable) expect(answer.status, answer.text).toBe(row.status);
      else expect(answer).toMatchObject(foreign);
    }
  });

  test('S-43 an id of elsewhere is as unknown as one that never was', async () => {
    const { names } = row;
    if (names === undefined) return;
    const [here, there] = [await worldFor(row), await worldFor(row)];
    const elsewhere = await newWorld(other, {
      accountId: other.accountId,
      ...(row.unlocked ? { lockPolicy: null } : {}),
    });
    const before = await everythingOf(root, there);
    const made = there[names];
    const ids = [elsewhere[names], made.slice(0, -1), swappedCase(made), `${made}A`, 'A'.repeat(made.length)];
    const said = async (id: string) => {
      const { status, text } = await ask(root, row, { ...here, [names]: id });
      return { status, text: text.replaceAll(id, 'ID') };
    };
    const unknown = await said('Z'.repeat(made.length));
    expect(unknown.status).toBe(names === 'lockId' ? 400 : 404);
    for (const id of ids) expect(await said(id), id).toEqual(unknown);
    const neighbour = await said(made);
    // The service tells its own account when an archive is in another vault of it.
    if (names !== 'archiveId') expect(neighbour).toEqual(unknown);
    else
      expect(neighbour).toMatchObject({ status: 400, text: expect.stringContaining('Invalid vault name: arn:aws:') });
    expect(await everythingOf(root, there)).toBe(before);
  });

  test('S-01 is not for requests without a signature', async () => {
    const request = row.request(world);
    const url = `${server.url}/-${request.path}?${new URLSearchParams(request.query)}`;
    const body = request.method === 'GET' ? null : Buffer.from(request.body ?? '');
    const answer = await fetch(url, { method: request.method, body });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toBe(errorText('MissingAuthenticationTokenException', 'Missing Authentication Token'));
  });
});

describe('S-74 results of a query', () => {
  /** Of an archive in the own account, into some bucket. */
  const query = async (who: Credentials, bucketName: string) => {
    const world = await newWorld(who, { accountId: who.accountId, lockPolicy: null });
    const request = SELECT_ROWS['InitiateJob of a select job']?.request(world);
    const asked = JSON.parse(String(request?.body));
    asked.OutputLocation.S3.BucketName = bucketName;
    return sendAs(who, { ...request, method: 'POST', path: request?.path ?? '', body: JSON.stringify(asked) }, '-');
  };
  const jobsIn = (bucketName: string) =>
    [...objectsIn(server, bucketName).keys()].filter((key) => key.endsWith('/job.txt'));

  test('do not go to the bucket of another account, whichever wrote to its own first', async () => {
    const another = await newAccount(server);
    for (const [owner, stranger] of [
      [root, other],
      [other, root],
      [other, another],
    ] as const) {
      const bucketName = `of-${owner.accountId}`;
      expect(await query(owner, bucketName)).toMatchObject({ status: 202 });
      const before = jobsIn(bucketName);
      const refused = await query(stranger, bucketName);
      expect([refused.status, refused.json.code]).toEqual([400, 'InvalidParameterValueException']);
      expect(refused.json.message).toBe(
        `The results cannot be written to the bucket ${bucketName}: AccessDenied: Access Denied: the bucket ${bucketName} belongs to another account.`,
      );
      expect(jobsIn(bucketName)).toEqual(before);
    }
  });
});

const swappedCase = (text: string): string =>
  text.replace(/[a-z]/i, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()));
