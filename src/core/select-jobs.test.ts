import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { T0, type TestArrangement, testArrangement, uploadBytes, VAULT } from '../../test/support/arrangement.ts';
import { askedQuery, CIRCUMSTANCES, LOCATION } from '../../test/support/select-jobs.ts';
import { OutputRefusedError } from '../select-output/select-output.ts';

let arrangement: TestArrangement;
let archiveId = '';
beforeEach(async () => {
  arrangement = await testArrangement();
  archiveId = await uploadBytes(arrangement, Buffer.from('a,b\n'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await arrangement[Symbol.asyncDispose]();
});

const start = (more: object = {}, expression?: string) =>
  arrangement.core.selectJobs.start({ ...askedQuery(archiveId, expression), ...more });
const written = () =>
  readdirSync(join(arrangement.directory, 'select-output'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('/.'))
    .map((entry) => join(entry.parentPath, entry.name));
const jobs = async () =>
  (await arrangement.core.jobs.list({ vault: VAULT, status: null, completed: null, after: null, limit: 50 })).jobs;
const user = (statement: object[]) => {
  const { accountId } = VAULT;
  const principal = {
    type: 'user' as const,
    accountId,
    arn: `arn:aws:iam::${accountId}:user/u`,
    userId: 'AIDA',
    userName: 'u',
  };
  const identityPolicies = [JSON.stringify({ Version: '2012-10-17', Statement: statement })];
  const caller = { accessKeyId: 'AKIAUSER', accountId, principal, identityPolicies, sessionPolicies: [] };
  return { asker: { caller, circumstances: CIRCUMSTANCES } };
};

test('a job begins with an object that tells what it is', async () => {
  const { id, outputPath } = await start();
  expect(outputPath).toBe(`p/q/${id}/`);
  const path = join(arrangement.directory, 'select-output', 'results', outputPath, 'job.txt');
  expect(written()).toEqual([path]);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
    Action: 'Select',
    ArchiveId: archiveId,
    ArchiveSHA256TreeHash: null,
    ArchiveSizeInBytes: null,
    Completed: false,
    CompletionDate: null,
    CreationDate: new Date(T0).toISOString(),
    InventoryRetrievalParameters: null,
    InventorySizeInBytes: null,
    JobDescription: null,
    JobId: id,
    JobOutputPath: outputPath,
    OutputLocation: { S3: { BucketName: 'results', Prefix: 'p/q' } },
    RetrievalByteRange: null,
    SHA256TreeHash: null,
    SNSTopic: null,
    SelectParameters: { Expression: 'SELECT * FROM archive', ExpressionType: 'SQL' },
    StatusCode: 'InProgress',
    StatusMessage: null,
    Tier: 'Standard',
    VaultARN: 'arn:aws:glacier:us-east-1:111122223333:vaults/vault',
  });
  expect(await jobs()).toMatchObject([{ kind: 'select', id, outputPath }]);
});

test('a slash at the end of the prefix is none more', async () => {
  const { id, outputPath } = await start({ output: { ...LOCATION, prefix: 'p/' } });
  expect(outputPath).toBe(`p/${id}/`);
});

describe('nothing is left of a job that cannot begin', () => {
  afterEach(async () => {
    expect(written()).toEqual([]);
    expect(await jobs()).toEqual([]);
  });

  test('because of its vault, its archive or its query, told in this order', async () => {
    const vault = { ...VAULT, name: 'none' };
    await expect(start({ vault, archiveId: 'x' }, 'nonsense')).rejects.toThrow('Vault not found for ARN');
    await expect(start({ archiveId: 'x' }, 'nonsense')).rejects.toThrow('The archive ID was not found: x');
    await expect(start({}, 'SELECT * FROM')).rejects.toMatchObject({
      code: 'InvalidParameterValueException',
      message: expect.stringMatching(/^Invalid Expression: \w+: .* at line 1, column \d+$/),
    });
  });

  test('because the bucket does not take it', async () => {
    vi.spyOn(arrangement.given.selectOutput, 'put').mockRejectedValue(new OutputRefusedError('NoSuchBucket', 'gone'));
    await expect(start()).rejects.toMatchObject({
      code: 'InvalidParameterValueException',
      message: 'The results cannot be written to the bucket results: NoSuchBucket: gone',
    });
    const failure = new Error('the network is down');
    vi.spyOn(arrangement.given.selectOutput, 'put').mockRejectedValue(failure);
    await expect(start()).rejects.toBe(failure);
  });

  test('because the archive was deleted meanwhile', async () => {
    vi.spyOn(arrangement.given.metadata.jobs, 'create').mockResolvedValue('archive-gone');
    await expect(start()).rejects.toThrow(`The archive ID was not found: ${archiveId}`);
  });

  test('because there is no capacity for it', async () => {
    vi.spyOn(arrangement.given.metadata.jobs, 'create').mockResolvedValue('capacity-exhausted');
    await expect(start({ tier: 'Expedited' })).rejects.toMatchObject({ code: 'InsufficientCapacityException' });
  });

  test('S-74 because whoever asks may not write there', async () => {
    const initiate = { Effect: 'Allow', Action: 'glacier:*', Resource: '*' };
    const put = (Resource: string) => ({ Effect: 'Allow', Action: 's3:PutObject', Resource });
    const denied = (...statements: object[]) =>
      expect(start(user(statements))).rejects.toMatchObject({
        code: 'AccessDeniedException',
        message: expect.stringMatching(
          /^User: \S+ is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::results\/p\/q\/\S+\/job\.txt /,
        ),
      });
    await denied(initiate);
    await denied(initiate, put('arn:aws:s3:::other/*'));
    await denied(initiate, put('arn:aws:s3:::results/p'));
    await denied(initiate, put('*'), { Effect: 'Deny', Action: 's3:*', Resource: 'arn:aws:s3:::results/*' });
    for (const name of ['results/*', 'result_manifest.txt', 'errors/*', 'error_manifest.txt']) {
      const deny = { Effect: 'Deny', Action: 's3:PutObject', Resource: `arn:aws:s3:::results/p/q/*/${name}` };
      await expect(start(user([initiate, put('*'), deny]))).rejects.toMatchObject({ code: 'AccessDeniedException' });
    }
    const { asker } = user([put('*')]);
    const other = { ...asker, caller: { ...asker.caller, accountId: '222233334444' } };
    other.caller.principal = { ...other.caller.principal, accountId: '222233334444' };
    await expect(start({ asker: other })).rejects.toMatchObject({ code: 'AccessDeniedException' });
  });
});

test('S-74 whoever may write below the prefix may have results written there', async () => {
  const statement = { Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::results/p/q/*' };
  await expect(start(user([statement]))).resolves.toMatchObject({ outputPath: expect.any(String) });
});

test('under strict a query may hold only what the documents of Glacier list', async () => {
  await expect(start({}, 'SELECT COUNT(*) FROM archive LIMIT 1')).resolves.toMatchObject({});
  arrangement.given.selectStrict = true;
  await expect(start({}, 'SELECT COUNT(*) FROM archive')).rejects.toThrow('Invalid Expression: ');
  await expect(start({}, 'SELECT * FROM archive LIMIT 1')).rejects.toThrow('Invalid Expression: ');
});

test('its output is not fetched here', async () => {
  const { id } = await start();
  const output = arrangement.core.jobs.output({
    name: { vault: VAULT, id },
    choose: () => ({ startByte: 0, endByte: 0 }),
  });
  await expect(output).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
});

test('S-81 a query of any size is refused soon', async () => {
  const parentheses = `SELECT * FROM archive WHERE ${'('.repeat(60_000)}1${')'.repeat(60_000)} = 1`;
  await expect(start({}, parentheses)).rejects.toThrow('Invalid Expression: ');
  await expect(start({}, `SELECT '${'x'.repeat(2 ** 17)}' FROM archive`)).rejects.toThrow(
    'Invalid Expression: ExpressionTooLong: ',
  );
});
