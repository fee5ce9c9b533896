import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Operator, operatorOf } from '../support/operator.ts';
import { type Environment, runProgram } from '../support/program.ts';
import { type RawAnswer, send } from '../support/raw-client.ts';
import { ACCOUNT_ID, startServer, type TestServer } from '../support/server.ts';

/** Who there is and with what they sign: how that is kept, and that nobody becomes somebody else. */
let directory = '';
let dataDir = '';
let operator: Operator;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-identities-'));
  dataDir = join(directory, 'data');
  operator = operatorOf(dataDir);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

interface Key {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string | null;
}

const UNKNOWN = {
  status: 400,
  code: 'UnrecognizedClientException',
  message: 'The security token included in the request is invalid.',
};
const ALL = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"glacier:*","Resource":"*"}}';

/** Lists vaults with a key, and with the token of `token` where it is given. */
const list = (server: TestServer, key: Key, token: string | null = key.sessionToken): Promise<RawAnswer> =>
  send(
    { ...server, ...key },
    { method: 'GET', path: '/-/vaults', headers: token === null ? {} : { 'x-amz-security-token': token } },
  );
const refusalOf = ({ status, json: { code, message } }: RawAnswer) => ({ status, code, message });
const newUser = async (name: string): Promise<Key> => {
  await operator.ask(['users', 'create', name]);
  await operator.ask(['policies', 'attach', '--user', name, '--name', 'all', '--document', '-'], { input: ALL });
  return operator.ask<Key>(['keys', 'create', '--user', name]);
};
const refusedStart = (env: Environment = {}) =>
  runProgram(['serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir], { env });
const inDatabase = <T>(use: (database: DatabaseSync) => T): T => {
  using database = new DatabaseSync(join(dataDir, 'metadata.sqlite'));
  return use(database);
};

describe('S-95 secrets at rest', () => {
  test('no file but the one with the key leads to a secret, and no log holds one', async () => {
    await using server = await startServer({ dataDir, flags: ['--log-level', 'trace'] });
    const keys = [
      await newUser('ann'),
      await operator.ask<Key>(['keys', 'create', '--user', 'ann', '--expires', '1h']),
      (await operator.ask<{ key: Key }>(['accounts', 'create'])).key,
    ];
    for (const key of keys) expect((await list(server, key)).status).toBe(200);
    const secrets = keys.flatMap((key) => [key.secretAccessKey, key.sessionToken ?? key.secretAccessKey]);
    const holding = () => {
      const names = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      return names
        .map(({ parentPath, name }) => join(parentPath, name))
        .filter((path) => {
          const bytes = readFileSync(path);
          return secrets.some((secret) => bytes.includes(secret) || bytes.includes(Buffer.from(secret, 'base64')));
        });
    };
    expect(holding()).toEqual([]);
    expect(statSync(join(dataDir, 'secrets.key')).mode & 0o777).toBe(0o600);
    expect(await server.stop()).toBe(0);
    expect(holding()).toEqual([]);
    for (const secret of secrets) expect(server.stderr()).not.toContain(secret);
    expect(JSON.stringify(await operator.ask(['keys', 'list']))).not.toContain('secret');
  });

  test('without its key, or with another, no server starts, and none is made anew', async () => {
    const path = join(dataDir, 'secrets.key');
    await using first = await startServer({ dataDir });
    const key = await newUser('ann');
    await first.stop();
    const text = readFileSync(path, 'utf8');
    const refusal = (found: string) =>
      'moraine: the secrets of access keys in the metadata were sealed with a key that is not here: ' +
      `${found}; put the right file back, or set MORAINE_SECRETS_KEY\n`;
    rmSync(path);
    for (const _ of ['first', 'second']) {
      const { code, stderr } = await refusedStart();
      expect({ code, stderr }).toEqual({ code: 2, stderr: refusal(`there is no ${path}`) });
    }
    expect(readdirSync(dataDir)).not.toContain('secrets.key');
    const other = randomBytes(32).toString('base64');
    writeFileSync(path, other);
    expect((await refusedStart()).stderr).toBe(refusal(`another key is in ${path}`));
    expect(readFileSync(path, 'utf8')).toBe(other);
    const wrong = await refusedStart({ MORAINE_SECRETS_KEY: other });
    expect(wrong.stderr).toBe(refusal('another key is in MORAINE_SECRETS_KEY'));
    expect((await refusedStart({ MORAINE_SECRETS_KEY: 'short' })).stderr).toBe(
      'moraine: MORAINE_SECRETS_KEY must be 32 bytes in base64 or hexadecimal\n',
    );
    rmSync(path);
    const env = { MORAINE_SECRETS_KEY: Buffer.from(text, 'base64').toString('hex') };
    await using second = await startServer({ dataDir, env });
    expect((await list(second, key)).status).toBe(200);
    expect(readdirSync(dataDir)).not.toContain('secrets.key');
  });

  test('a damaged one stops its own key alone, and the log names it', async () => {
    await using first = await startServer({ dataDir });
    const [ann, bob] = [await newUser('ann'), await newUser('bob')];
    await first.stop();
    inDatabase((database) =>
      database.exec(
        `update access_keys set sealed_secret = substr(sealed_secret, 1, 30) || 'x' where id = '${ann.accessKeyId}'`,
      ),
    );
    await using second = await startServer({ dataDir });
    expect(refusalOf(await list(second, ann))).toEqual(UNKNOWN);
    expect((await list(second, bob)).status).toBe(200);
    expect(second.stderr()).toMatch(new RegExp(`"accessKeyId":"${ann.accessKeyId}".*cannot be opened`));
  });
});

describe('S-18 a session token', () => {
  test('of another key, of none, and beside a permanent key', async () => {
    await using server = await startServer({ dataDir });
    const permanent = await newUser('ann');
    const create = () => operator.ask<Key>(['keys', 'create', '--user', 'ann', '--expires', '15m']);
    const [one, two] = [await create(), await create()];
    expect((await list(server, one)).status).toBe(200);
    expect((await list(server, permanent)).status).toBe(200);
    expect(refusalOf(await list(server, one, two.sessionToken))).toEqual(UNKNOWN);
    expect(refusalOf(await list(server, one, null))).toEqual(UNKNOWN);
    expect(refusalOf(await list(server, one, ''))).toEqual(UNKNOWN);
    expect(refusalOf(await list(server, permanent, one.sessionToken))).toEqual(UNKNOWN);
    expect(refusalOf(await list(server, { ...one, secretAccessKey: two.secretAccessKey }))).toMatchObject({
      status: 403,
      code: 'InvalidSignatureException',
    });
  });

  test('that expired', async () => {
    await using first = await startServer({ dataDir });
    await newUser('ann');
    const key = await operator.ask<Key>(['keys', 'create', '--user', 'ann', '--expires', '15m']);
    await first.stop();
    inDatabase((database) => database.exec(`update access_keys set expires_at = ${Date.now()} where id like 'ASIA%'`));
    await using second = await startServer({ dataDir });
    expect(refusalOf(await list(second, key))).toEqual({
      status: 403,
      code: 'ExpiredTokenException',
      message: 'The security token included in the request is expired',
    });
    expect(refusalOf(await list(second, key, `${key.sessionToken}x`))).toEqual(UNKNOWN);
  });
});

describe('nobody becomes somebody else', () => {
  test('S-46 S-45 what makes keys elsewhere makes none here', async () => {
    await using server = await startServer({ dataDir });
    const ann = await newUser('ann');
    const before = await operator.ask(['keys', 'list']);
    for (const action of ['CreateAccessKey', 'AttachUserPolicy', 'GetSessionToken', 'AssumeRole', 'CreateUser']) {
      for (const asked of [
        { body: `Action=${action}&Version=2010-05-08&UserName=ann` },
        { query: { Action: action, UserName: 'ann' } },
      ]) {
        const answer = await send({ ...server, ...ann }, { method: 'POST', path: '/', ...asked });
        expect(refusalOf(answer)).toMatchObject({ status: 404, code: 'UnknownOperationException' });
      }
    }
    expect(await operator.ask(['keys', 'list'])).toEqual(before);
  });

  test('S-51 whoever gets the name of a deleted user does not get what a vault granted to that one', async () => {
    await using server = await startServer({ dataDir });
    const old = await newUser('bob');
    await send(server, { method: 'PUT', path: '/-/vaults/papers' });
    const path = '/-/vaults/papers/access-policy';
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${ACCOUNT_ID}:user/bob` },
        Action: 'glacier:DescribeVault',
        Resource: `arn:aws:glacier:us-east-1:${ACCOUNT_ID}:vaults/papers`,
      },
    });
    expect((await send(server, { method: 'PUT', path, body: JSON.stringify({ policy: { Policy } }) })).status).toBe(
      400,
    );
    expect((await send(server, { method: 'PUT', path, body: JSON.stringify({ Policy }) })).status).toBe(204);
    await operator.ask(['users', 'delete', 'bob']);
    expect(refusalOf(await list(server, old))).toEqual(UNKNOWN);
    const { code, stderr } = await operator.run(['users', 'create', 'bob']);
    expect(code).toBe(2);
    expect(stderr).toContain(`the vault papers of the account ${ACCOUNT_ID} names arn:aws:iam::${ACCOUNT_ID}:user/bob`);
    expect((await send(server, { method: 'DELETE', path })).status).toBe(204);
    await operator.ask(['users', 'create', 'bob']);
  });

  test('S-47 a root key with the id of another key keeps the server from starting', async () => {
    await using first = await startServer({ dataDir });
    const { accessKeyId } = await newUser('ann');
    await first.stop();
    const env = { MORAINE_ROOT_ACCESS_KEY_ID: accessKeyId, MORAINE_ROOT_SECRET_ACCESS_KEY: 'another' };
    const { code, stderr } = await refusedStart(env);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `moraine: the root key ${accessKeyId} from the environment has the id of another key; take another id\n`,
    });
  });

  test('S-42 a key whose account is gone from the database stands for nobody', async () => {
    await using first = await startServer({ dataDir });
    const { account, key } = await operator.ask<{ account: { accountId: string }; key: Key }>(['accounts', 'create']);
    expect((await list(first, key)).status).toBe(200);
    await first.stop();
    inDatabase((database) =>
      database.exec(`pragma foreign_keys = off; delete from accounts where id = '${account.accountId}'`),
    );
    await using second = await startServer({ dataDir });
    expect(refusalOf(await list(second, key))).toEqual(UNKNOWN);
  });

  test('the vaults of another account are there when the server starts with another --account-id', async () => {
    await using first = await startServer({ dataDir });
    await send(first, { method: 'PUT', path: '/-/vaults/papers' });
    const { accessKeyId, secretAccessKey } = await operator.ask<Key>(['keys', 'create']);
    await first.stop();
    await using second = await startServer({ dataDir, flags: ['--account-id', '999988887777'] });
    const old = await send({ ...second, accessKeyId, secretAccessKey }, { method: 'GET', path: '/-/vaults' });
    expect(old.json.VaultList).toMatchObject([{ VaultName: 'papers' }]);
    expect((await send(second, { method: 'GET', path: '/-/vaults' })).json.VaultList).toEqual([]);
  });
});
