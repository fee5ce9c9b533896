import { readFileSync } from 'node:fs';
import {
  DeleteArchiveCommand,
  DeleteVaultCommand,
  type GlacierClient,
  InitiateJobCommand,
  ListJobsCommand,
  SetVaultNotificationsCommand,
} from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arnOf, ended, glacierClient, invalid, outputOf, refusalOf, uploadArchive } from '../support/clients.ts';
import { send } from '../support/raw-client.ts';
import { named, namesBelow, objectsIn } from '../support/select-output.ts';
import { ACCOUNT_ID, startServer, type TestServer } from '../support/server.ts';
import { type SnsEndpoint, startSnsEndpoint } from '../support/sns-endpoint.ts';
import { createVault, newTopic, until } from '../support/topics.ts';

/** Queries on archives, from the request to the last object, on the disk of the server. */
const vaultName = 'queries';
const BUCKET = 'results';
const CSV = 'name,city,age\nAnna,Oslo,41\n"Bo, jr.",Rome,7\nCem,Oslo,x\n';

let endpoint: SnsEndpoint;
let server: TestServer;
let client: GlacierClient;
let archiveId = '';
beforeAll(async () => {
  endpoint = await startSnsEndpoint();
  server = await startServer({
    flags: ['--sns-endpoint', endpoint.url, '--retrieval-times', 'expedited=0s,standard=0s,bulk=1h'],
    env: { AWS_ACCESS_KEY_ID: 'AKIAFORSNS', AWS_SECRET_ACCESS_KEY: 'secret' },
  });
  client = glacierClient(server);
  await createVault(client, vaultName);
  archiveId = await uploadArchive(client, { vaultName, body: Buffer.from(CSV) });
});
afterAll(async () => {
  client.destroy();
  await server[Symbol.asyncDispose]();
  await endpoint[Symbol.asyncDispose]();
});

const USE = { csv: { FileHeaderInfo: 'USE' } } as const;
const parameters = (Expression: string, more: object = {}) => ({
  Type: 'select',
  ArchiveId: archiveId,
  SelectParameters: { Expression, ExpressionType: 'SQL' as const, InputSerialization: USE },
  OutputLocation: { S3: { BucketName: BUCKET, Prefix: 'out/put' } },
  ...more,
});
async function start(expression: string, more: object = {}, vault = vaultName) {
  const command = new InitiateJobCommand({
    accountId: '-',
    vaultName: vault,
    jobParameters: parameters(expression, more),
  });
  const { jobId = '', jobOutputPath = '', location } = await client.send(command);
  return { jobId, path: jobOutputPath, location };
}
async function run(expression: string, more: object = {}) {
  const started = await start(expression, more);
  const job = await ended(client, vaultName, started.jobId);
  const objects = objectsIn(server, BUCKET);
  const { path } = started;
  return {
    ...started,
    job,
    objects,
    names: namesBelow(objects, path),
    result: () => named(objects, { bucket: BUCKET, path }),
  };
}
const rawJob = (jobId: string) => send(server, { method: 'GET', path: `/-/vaults/${vaultName}/jobs/${jobId}` });

describe('a query', () => {
  test('leaves its results where they were asked for', async () => {
    const { jobId, path, location, job, names, objects, result } = await run(
      `SELECT s.name FROM archive s WHERE s.city = 'Oslo'`,
    );
    expect(path).toBe(`out/put/${jobId}/`);
    expect(location).toBe(`/${ACCOUNT_ID}/vaults/${vaultName}/jobs/${jobId}`);
    expect(job).toMatchObject({ Action: 'Select', StatusCode: 'Succeeded', StatusMessage: 'Succeeded' });
    expect(names).toEqual(['job.txt', 'result_manifest.txt', 'results/*']);
    expect(result()).toBe('Anna\nCem\n');
    expect(objects.get(`${path}job.txt`)).toContain(jobId);
  });

  test('of everything is the archive without its header', async () => {
    expect((await run('SELECT * FROM archive')).result()).toBe(CSV.slice(CSV.indexOf('\n') + 1));
  });

  test('with no row leaves one part, which is empty', async () => {
    const { names, result } = await run(`SELECT * FROM archive WHERE city = 'Ulm'`);
    expect(names).toEqual(['job.txt', 'result_manifest.txt', 'results/*']);
    expect(result()).toBe('');
  });

  test('that counts, whatever Glacier says', async () => {
    expect((await run('SELECT COUNT(*) FROM archive', { Tier: 'Expedited' })).result()).toBe('3\n');
  });

  test('reads and writes as it is told', async () => {
    const { result } = await run('', {
      SelectParameters: {
        Expression: 'SELECT _1, _3 FROM archive LIMIT 2',
        ExpressionType: 'SQL',
        InputSerialization: { csv: { FileHeaderInfo: 'Ignore', FieldDelimiter: ',' } },
        OutputSerialization: { csv: { QuoteFields: 'Always', FieldDelimiter: ';', RecordDelimiter: '\r\n' } },
      },
    });
    expect(result()).toBe('"Anna";"41"\r\n"Bo, jr.";"7"\r\n');
  });
});

describe('what is shown of it', () => {
  const S3 = { BucketName: BUCKET, Prefix: 'Übersicht/', Encryption: { EncryptionType: 'AES256' }, StorageClass: null };
  const SELECT = {
    ExpressionType: 'sql',
    Expression: 'SELECT * FROM archive',
    InputSerialization: { csv: { FileHeaderInfo: 'None', Comments: null } },
    Unknown: 1,
  };

  test('is what was sent, in DescribeJob and in ListJobs, byte for byte', async () => {
    const body = JSON.stringify({
      ...{ Type: 'select', ArchiveId: archiveId, Tier: 'Bulk', Description: 'x' },
      ...{ SelectParameters: SELECT, OutputLocation: { S3 } },
    });
    const started = await send(server, { method: 'POST', path: `/-/vaults/${vaultName}/jobs`, body });
    const jobId = started.header('x-amz-job-id');
    expect(started).toMatchObject({ status: 202, text: '{}' });
    expect(started.header('x-amz-job-output-path')).toBe(`%C3%9Cbersicht/${jobId}/`);
    const { text, json } = await rawJob(jobId ?? '');
    const document =
      `{"Action":"Select","ArchiveId":"${archiveId}","ArchiveSHA256TreeHash":null,"ArchiveSizeInBytes":null,` +
      `"Completed":false,"CompletionDate":null,"CreationDate":"${json.CreationDate}","InventoryRetrievalParameters":null,` +
      `"InventorySizeInBytes":null,"JobDescription":"x","JobId":"${jobId}","JobOutputPath":"Übersicht/${jobId}/",` +
      `"OutputLocation":{"S3":{"BucketName":"${BUCKET}","Encryption":{"EncryptionType":"AES256"},"Prefix":"Übersicht/"}},` +
      '"RetrievalByteRange":null,"SelectParameters":{"Expression":"SELECT * FROM archive","ExpressionType":"sql",' +
      '"InputSerialization":{"csv":{"FileHeaderInfo":"None"}}},"SHA256TreeHash":null,"SNSTopic":null,' +
      '"StatusCode":"InProgress","StatusMessage":null,' +
      `"Tier":"Bulk","VaultARN":"${arnOf(vaultName)}"}`;
    expect(text).toBe(document);
    const list = await send(server, { method: 'GET', path: `/-/vaults/${vaultName}/jobs`, query: { limit: '1' } });
    expect(list.text.startsWith(`{"JobList":[${document}],`)).toBe(true);
  });

  test('goes to the topic of the job and not to that of the vault', async () => {
    const [topic, ofVault] = [newTopic(), newTopic()];
    const vaultNotificationConfig = {
      SNSTopic: ofVault,
      Events: ['ArchiveRetrievalCompleted', 'InventoryRetrievalCompleted'],
    };
    await client.send(new SetVaultNotificationsCommand({ accountId: '-', vaultName, vaultNotificationConfig }));
    const { jobId } = await run('SELECT * FROM archive', { SNSTopic: topic });
    const { message } = await until(() => endpoint.published().find((told) => told.topic === topic), 'the message');
    expect(message).toBe((await rawJob(jobId)).text);
    expect(endpoint.published().filter((told) => told.topic === ofVault)).toEqual([]);
  });

  test('has no output to get', async () => {
    const { jobId } = await run('SELECT * FROM archive');
    expect(await refusalOf(outputOf(client, { vaultName, jobId }))).toEqual(
      invalid(`The job is a select job, whose output is where it was asked to go: ${jobId}`),
    );
  });

  test('stands in the audit log, with the query', async () => {
    const { jobId } = await run(`SELECT name FROM archive WHERE city = 'audited'`);
    const line = await until(
      () =>
        readFileSync(`${server.dataDir}/audit/audit.log`, 'utf8')
          .split('\n')
          .find((text) => text.includes(jobId)),
      'the record',
    );
    expect(JSON.parse(line)).toMatchObject({
      requestParameters: {
        jobParameters: { type: 'select', selectParameters: { Expression: expect.stringContaining('audited') } },
      },
      responseElements: { jobOutputPath: `out/put/${jobId}/` },
    });
  });
});

describe('S-84 a query that fails', () => {
  test('tells so in its status, in objects and to its topic', async () => {
    const topic = newTopic();
    const { jobId, path, job, names, objects } = await run('SELECT CAST(age AS INT) FROM archive', { SNSTopic: topic });
    expect(job).toMatchObject({ StatusCode: 'Failed', StatusMessage: expect.stringMatching(/^CastFailed: .+/) });
    expect(names).toEqual(['error_manifest.txt', 'errors/*', 'job.txt']);
    const error = named(objects, { bucket: BUCKET, path, manifest: 'error_manifest.txt' });
    expect(error.endsWith('}\n')).toBe(true);
    expect(JSON.parse(error)).toEqual({
      code: 'CastFailed',
      message: expect.any(String),
      recordNumber: 4,
      byteOffset: CSV.indexOf('Cem'),
    });
    const { message } = await until(() => endpoint.published().find((told) => told.topic === topic), 'the message');
    expect(message).toBe((await rawJob(jobId)).text);
  });

  test('S-82 on an archive that is not CSV in UTF-8', async () => {
    const body = Buffer.from([0x1f, 0x8b, 0x08, 0x00, 0xff, 0xfe, 0x0a]);
    const { job } = await run('SELECT * FROM archive', { ArchiveId: await uploadArchive(client, { vaultName, body }) });
    expect(job).toMatchObject({ StatusCode: 'Failed', StatusMessage: expect.stringMatching(/^InvalidTextEncoding: /) });
  });
});

test('a query whose vault is deleted is gone, and its folder has no results', async () => {
  const vault = await createVault(client, 'goes');
  const body = Buffer.from('1,2\n'.repeat(2 ** 20));
  const ArchiveId = await uploadArchive(client, { vaultName: vault, body });
  const { path } = await start('SELECT * FROM archive', { ArchiveId, Tier: 'Bulk' }, vault);
  await client.send(new DeleteArchiveCommand({ accountId: '-', vaultName: vault, archiveId: ArchiveId }));
  await client.send(new DeleteVaultCommand({ accountId: '-', vaultName: vault }));
  await createVault(client, vault);
  const { JobList } = await client.send(new ListJobsCommand({ accountId: '-', vaultName: vault }));
  expect(JobList).toEqual([]);
  expect(namesBelow(objectsIn(server, BUCKET), path)).toEqual(['job.txt']);
});

test('S-85 an archive of 64 MB is read and written in bounded memory', async () => {
  const line = `${'x'.repeat(60)},1\n`;
  const body = Buffer.from(line.repeat(2 ** 20));
  const ArchiveId = await uploadArchive(client, { vaultName, body });
  const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))?.[1]) / 1024;
  const before = rss();
  const select = { Expression: 'SELECT * FROM archive', ExpressionType: 'SQL' };
  const { jobId, path } = await start('', { ArchiveId, SelectParameters: select });
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, rss());
  }, 10);
  await ended(client, vaultName, jobId);
  clearInterval(watch);
  const result = named(objectsIn(server, BUCKET), { bucket: BUCKET, path });
  expect(result.length).toBe(body.length);
  expect(Buffer.from(result).equals(body)).toBe(true);
  expect(most - before).toBeLessThan(160);
});
