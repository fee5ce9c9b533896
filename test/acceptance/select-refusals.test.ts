import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CreateVaultCommand, type GlacierClient } from '@aws-sdk/client-glacier';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { glacierClient, invalid, missing, notFound, uploadArchive, vaultNotFound } from '../support/clients.ts';
import { newAccount, newUser } from '../support/identities.ts';
import { send } from '../support/raw-client.ts';
import { ACCOUNT_ID, startServer, type TestServer } from '../support/server.ts';
import { stateOf } from '../support/state.ts';

/** Select jobs that are refused: each with its error, and nothing of them is there afterwards. */
const vaultName = 'refusals';
const BUCKET = 'results';

let server: TestServer;
let client: GlacierClient;
let archiveId = '';
let before = '';
beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  archiveId = await uploadArchive(client, { vaultName, body: Buffer.from('a,b\n') });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  before = await stateOf(server, vaultName);
});
afterEach(async () => {
  expect(await stateOf(server, vaultName)).toBe(before);
  const bucket = join(server.dataDir, 'select-output', BUCKET);
  expect(existsSync(bucket) ? readdirSync(bucket) : []).toEqual([]);
});

const select = (more: object = {}) => ({
  Type: 'select',
  ArchiveId: archiveId,
  SelectParameters: { Expression: 'SELECT * FROM archive', ExpressionType: 'SQL' },
  OutputLocation: { S3: { BucketName: BUCKET, Prefix: 'p' } },
  ...more,
});
const query = (Expression: unknown) => select({ SelectParameters: { Expression, ExpressionType: 'SQL' } });
const to = (s3: object) => select({ OutputLocation: { S3: { BucketName: BUCKET, Prefix: 'p', ...s3 } } });
async function refusal(
  job: object,
  { target = server as Parameters<typeof send>[0], path = `/-/vaults/${vaultName}/jobs` } = {},
) {
  const { status, json } = await send(target, { method: 'POST', path, body: JSON.stringify(job) });
  return { status, code: json.code, message: json.message };
}

test('what is missing or does not belong there', async () => {
  expect(await refusal(select({ ArchiveId: null }))).toEqual(missing('archiveId'));
  expect(await refusal(select({ SelectParameters: null }))).toEqual(missing('SelectParameters'));
  expect(await refusal(select({ OutputLocation: null }))).toEqual(missing('OutputLocation'));
  expect(await refusal(to({ Prefix: null }))).toEqual(missing('OutputLocation.S3.Prefix'));
  for (const [name, value] of [
    ['RetrievalByteRange', '0-1'],
    ['Format', 'CSV'],
    ['InventoryRetrievalParameters', {}],
  ] as const) {
    expect(await refusal(select({ [name]: value }))).toEqual(invalid(`${name} is not valid for a select job.`));
  }
});

test('what is not there, told before the query is looked at', async () => {
  expect(await refusal({ ...query('x'), ArchiveId: 'none' })).toEqual(notFound('The archive ID was not found: none'));
  const path = '/-/vaults/none/jobs';
  expect(await refusal(query('x'), { path })).toEqual(vaultNotFound('none'));
});

describe('S-69 where the results go', () => {
  test.each(['../x', 'a/../../x', '/etc', 'a//b', './a', 'a\u0000b', 'a\r\nb', 'x'.repeat(513), 'x'.repeat(2048)])(
    'the prefix %j',
    async (Prefix) => {
      const refused = await refusal(to({ Prefix }));
      expect(refused).toMatchObject({ status: 400, code: 'InvalidParameterValueException' });
      expect(refused.message).toMatch(/^Invalid OutputLocation\.S3\.Prefix: /);
    },
  );

  test.each(['..', '.settings', '../results', 'Results', 'a', '10.0.0.1', 'a/b'])(
    'the bucket %j',
    async (BucketName) => {
      const refused = await refusal(to({ BucketName }));
      expect(refused).toMatchObject({ status: 400, code: 'InvalidParameterValueException' });
      expect(refused.message).toMatch(/^Invalid OutputLocation\.S3\.BucketName: /);
    },
  );
});

describe('S-80 what is no query', () => {
  test.each([
    `SELECT * FROM read_csv('/etc/passwd')`,
    `SELECT * FROM '/etc/passwd'`,
    `SELECT * FROM "/etc/passwd"`,
    `SELECT * FROM glob('*')`,
    `SELECT * FROM sniff_csv('x')`,
    `COPY archive TO '/tmp/x'`,
    `ATTACH 'x'`,
    'INSTALL httpfs',
    'PRAGMA version',
    `SET a = 1`,
    'SELECT * FROM archive; SELECT * FROM archive',
    'WITH a AS (SELECT 1) SELECT * FROM a',
    'SELECT * FROM archive UNION SELECT * FROM archive',
    'SELECT (SELECT 1) FROM archive',
    'SELECT * FROM (SELECT * FROM archive)',
    'SELECT ‘a’ FROM archive',
    'SELECT * FROM archive, archive',
    "SELECT getenv('HOME') FROM archive",
  ])('%s', async (expression) => {
    const refused = await refusal(query(expression));
    expect(refused).toMatchObject({ status: 400, code: 'InvalidParameterValueException' });
    expect(refused.message).toMatch(/^Invalid Expression: [A-Z]\w+: [^\n]+ at line \d+, column \d+$/);
  });
});

describe('S-81 what is too much of a query', () => {
  test.each([
    ['bytes', `SELECT * FROM archive WHERE _1 = '${'é'.repeat(2 ** 16)}'`],
    ['parentheses', `SELECT * FROM archive WHERE ${'('.repeat(50_000)}1${')'.repeat(50_000)} = 1`],
    ['CASE', `SELECT ${'CASE WHEN TRUE THEN '.repeat(2000)}1${' END'.repeat(2000)} FROM archive`],
    ['ANDs', `SELECT * FROM archive WHERE ${'TRUE AND '.repeat(100_000)}TRUE`],
  ])('%s', async (_, expression) => {
    const refused = await refusal(query(expression));
    expect(refused).toMatchObject({ status: 400, code: 'InvalidParameterValueException' });
    expect(refused.message).toMatch(/^Invalid Expression: /);
  });
});

test('a pattern whose escape is none is refused', async () => {
  expect((await refusal(query(`SELECT * FROM archive WHERE _1 LIKE 'a' ESCAPE 'bc'`))).message).toMatch(
    /^Invalid Expression: /,
  );
});

describe('S-74 who may not write where the results go', () => {
  const jobs = `/${ACCOUNT_ID}/vaults/${vaultName}/jobs`;
  const policy = (...statements: object[]) => ({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'glacier:*', Resource: '*' }, ...statements],
  });

  test('a user who may start jobs, and not write objects there', async () => {
    const put = { Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::elsewhere/*' };
    const target = await newUser(server, { accountId: ACCOUNT_ID, name: 'reader', policies: [policy(put)] });
    const refused = await refusal(select(), { target, path: jobs });
    expect(refused).toMatchObject({ status: 403, code: 'AccessDeniedException' });
    expect(refused.message).toMatch(
      /^User: arn:aws:iam::\d+:user\/reader is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::results\/p\//,
    );
  });

  test('somebody of another account, whose bucket it is not', async () => {
    const other = await newAccount(server);
    const path = `/${other.accountId}/vaults/own`;
    await send(other, { method: 'PUT', path });
    const refused = await refusal(select(), { target: other, path: jobs });
    expect(refused).toMatchObject({ status: 403, code: 'AccessDeniedException' });
  });
});

test('S-86 texts of any kind stay texts', async () => {
  for (const hostile of [`'; DROP TABLE jobs; --`, '%', '_', '"']) {
    const refused = await refusal({ ...query(hostile), ArchiveId: hostile });
    expect(refused).toEqual(notFound(`The archive ID was not found: ${hostile}`));
  }
});
