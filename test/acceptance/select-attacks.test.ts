import { readFileSync, writeFileSync } from 'node:fs';
import type { GlacierClient } from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ended, glacierClient, uploadArchive } from '../support/clients.ts';
import { MIB } from '../support/hashes.ts';
import { send } from '../support/raw-client.ts';
import { named, namesBelow, objectsIn } from '../support/select-output.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault } from '../support/topics.ts';

/** Archives and queries made to hurt whoever runs them: each ends with its error or its results, in bounded memory. */
const vaultName = 'attacked';
const VAULT = `/-/vaults/${vaultName}`;
const BUCKET = 'results';
/** What Node's heap, the buffers on their way and the thread of a query may take beyond what an idle server has. */
const GROWTH_MIB_MAX = 200;
const RECORD_BYTES_MAX = MIB;
const COLUMNS_MAX = 1_048_576;

let server: TestServer;
let client: GlacierClient;
beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
  await createVault(client, vaultName);
});
afterAll(async () => {
  client.destroy();
  await server[Symbol.asyncDispose]();
});

const STAR = 'SELECT * FROM archive';
const jobOf = (archiveId: string, expression: string, serializations: object) =>
  JSON.stringify({
    Type: 'select',
    ArchiveId: archiveId,
    SelectParameters: { Expression: expression, ExpressionType: 'SQL', ...serializations },
    OutputLocation: { S3: { BucketName: BUCKET, Prefix: 'p' } },
  });

interface Asked {
  expression?: string;
  serializations?: object;
}

async function run(body: Buffer, { expression = STAR, serializations = {} }: Asked = {}) {
  const archiveId = await uploadArchive(client, { vaultName, body });
  return await runOn(archiveId, { expression, serializations });
}

async function runOn(archiveId: string, { expression = STAR, serializations = {} }: Asked = {}) {
  const started = await send(server, {
    method: 'POST',
    path: `${VAULT}/jobs`,
    body: jobOf(archiveId, expression, serializations),
  });
  expect([started.status, started.text]).toEqual([202, '{}']);
  const { StatusCode: status, StatusMessage: message } = await ended(
    client,
    vaultName,
    started.header('x-amz-job-id') ?? '',
  );
  const path = started.header('x-amz-job-output-path') ?? '';
  const objects = objectsIn(server, BUCKET);
  const names = namesBelow(objects, path);
  return { status, message, names, result: () => named(objects, { bucket: BUCKET, path }) };
}

const processStatus = () => readFileSync(`/proc/${server.child.pid}/status`, 'utf8');
const mibOf = (name: 'VmRSS' | 'VmHWM') =>
  Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(processStatus())?.[1]) / 1024;

/** The most memory that the server had while something ran, in MiB. */
async function peakMib(during: () => Promise<unknown>): Promise<number> {
  // From here on the kernel counts anew.
  writeFileSync(`/proc/${server.child.pid}/clear_refs`, '5');
  await during();
  return mibOf('VmHWM');
}

const failure = (code: string) => ({
  status: 'Failed',
  message: expect.stringMatching(new RegExp(`^${code}: [^\\n]+ \\(record \\d+, at byte \\d+\\)$`)),
  names: ['error_manifest.txt', 'errors/*', 'job.txt'],
});

describe('S-81 a hundred thousand parentheses', () => {
  const expression = `SELECT * FROM archive WHERE ${'('.repeat(50_000)}1${')'.repeat(50_000)} = 1`;

  test.each([
    ['as AWS programs send it', {}],
    ['as boto3 does, without a hash of the body among its headers', { 'x-amz-content-sha256': undefined }],
  ])('%s, are refused at once', async (_, headers) => {
    const archiveId = await uploadArchive(client, { vaultName, body: Buffer.from('a\n') });
    const answer = await send(server, {
      method: 'POST',
      path: `${VAULT}/jobs`,
      headers,
      body: jobOf(archiveId, expression, {}),
    });
    expect([answer.status, answer.json.code]).toEqual([400, 'InvalidParameterValueException']);
    expect(answer.json.message).toMatch(/^Invalid Expression: \w+: [^\n]{1,200} at line 1, column \d+$/);
  });
});

describe('S-82 a record', () => {
  test('that never ends fails when it is too long, however much of it there is', async () => {
    const archiveId = await uploadArchive(client, { vaultName, body: Buffer.alloc(64 * MIB, 'x') });
    const before = mibOf('VmRSS');
    const peak = await peakMib(async () => expect(await runOn(archiveId)).toMatchObject(failure('OverMaxRecordSize')));
    expect(peak - before).toBeLessThan(GROWTH_MIB_MAX);
  });

  test('of the longest length that is allowed is read and written; one byte more is too much', async () => {
    const longest = 'x'.repeat(RECORD_BYTES_MAX);
    expect((await run(Buffer.from(`a\n${longest}\nb\n`))).result() === `a\n${longest}\nb\n`).toBe(true);
    expect(await run(Buffer.from(`a\n${longest}x\nb\n`))).toMatchObject({
      ...failure('OverMaxRecordSize'),
      message: expect.stringMatching(/\(record 2, at byte 2\)$/),
    });
  });

  test('of the most columns that are allowed is read; one more is too much', async () => {
    const most = `${','.repeat(COLUMNS_MAX - 1)}\n`;
    const last = { expression: `SELECT _${COLUMNS_MAX}, _1 FROM archive` };
    expect((await run(Buffer.from(most), last)).result()).toBe(',\n');
    expect(await run(Buffer.from(`a\n,${most}`), last)).toMatchObject(failure('OverMaxColumn'));
  });

  test('whose quote is never closed', async () => {
    const rest = Buffer.alloc(16 * MIB, 'y,z\n');
    expect(await run(Buffer.from('a\n"b,c\nd\n'))).toMatchObject(failure('CSVParsingError'));
    expect(await run(Buffer.concat([Buffer.from('a\n"b'), rest]))).toMatchObject(failure('OverMaxRecordSize'));
  });
});

describe('S-82 an archive', () => {
  test('with NUL bytes is text like other text', async () => {
    const body = 'a\0b,\0\n\0,c\n';
    expect((await run(Buffer.from(body))).result()).toBe(body);
  });

  test.each(['\ufeffa,b\nc,d\n', 'a,b\nc,d\n'])('in UTF-16 is not read', async (text) => {
    const { status, message } = await run(Buffer.from(`${text}\u00e9\n`, 'utf16le'));
    expect([status, message]).toEqual(['Failed', expect.stringMatching(/^InvalidTextEncoding: /)]);
  });

  test('with line ends of every kind has one record for each LF and CR LF', async () => {
    const { result } = await run(Buffer.from('a\nb\r\nc\rd\n\n"e\r\nf"'), {
      expression: 'SELECT COUNT(*) FROM archive',
    });
    expect(result()).toBe('5\n');
  });

  test('of empty fields alone', async () => {
    const { result } = await run(Buffer.from(',\n'.repeat(2 ** 20)), { expression: 'SELECT COUNT(*) FROM archive' });
    expect(result()).toBe(`${2 ** 20}\n`);
  });
});

describe('S-83 a pattern', () => {
  const record = `${'ab'.repeat(RECORD_BYTES_MAX / 2 - 1)}\n`;
  const body = Buffer.from(record.repeat(8));

  test.each([
    ['with many of %', `'${'%a'.repeat(6)}%c'`],
    ['with very many of %', `'${'%ab'.repeat(10_000)}%c'`],
    ['with very many of _', `'${'_'.repeat(10_000)}c%'`],
    ['with an escape', `'${'%a!%'.repeat(1000)}' ESCAPE '!'`],
  ])('%s takes no longer than the records are', async (_, pattern) => {
    // Anything but linear would outlast the test by hours.
    const { status, result } = await run(body, { expression: `SELECT COUNT(*) FROM archive WHERE _1 LIKE ${pattern}` });
    expect([status, result()]).toEqual(['Succeeded', '0\n']);
  });
});

describe('S-84 arithmetic', () => {
  test.each([
    ['9223372036854775807', 'CAST(_1 AS INT) + 1', 'IntegerOverflow'],
    ['0', '1 / CAST(_1 AS INT)', 'EvaluatorInvalidArguments'],
    ['1e400', 'CAST(_1 AS FLOAT)', 'CastFailed'],
    ['2020-02-30', 'CAST(_1 AS TIMESTAMP)', 'CastFailed'],
  ])('of %s in %s', async (text, expression, code) => {
    expect(await run(Buffer.from(`${text}\n`), { expression: `SELECT ${expression} FROM archive` })).toMatchObject(
      failure(code),
    );
  });

  test('of -0', async () => {
    const expression = 'SELECT -CAST(_1 AS INT), CAST(_1 AS INT) = 0 FROM archive';
    expect((await run(Buffer.from('-0\n'), { expression })).result()).toBe('0,true\n');
  });
});

describe('S-85 an output', () => {
  test('that is larger than its input is written whole', async () => {
    const line = `${'"'.repeat(3000)}\n`;
    const serializations = {
      InputSerialization: { csv: { QuoteCharacter: '' } },
      OutputSerialization: { csv: { QuoteFields: 'ALWAYS' } },
    };
    const { result } = await run(Buffer.from(line.repeat(1000)), { serializations });
    expect(result() === `"${'"'.repeat(6000)}"\n`.repeat(1000)).toBe(true);
  });

  test('whose record becomes too long by it fails', async () => {
    const serializations = { InputSerialization: { csv: { QuoteCharacter: '' } } };
    const { status, message } = await run(Buffer.from(`${'"'.repeat(RECORD_BYTES_MAX - 10)}\n`), { serializations });
    expect([status, message]).toEqual(['Failed', expect.stringMatching(/^OverMaxRecordSize: /)]);
  });
});

test('S-85 an archive of 256 MiB takes as much memory as one of 2 MiB', async () => {
  const line = `${'x'.repeat(61)},1\n`;
  const body = Buffer.alloc(256 * MIB, line);
  const expression = `SELECT _1 FROM archive WHERE _2 = '1'`;
  const peaks: number[] = [];
  for (const sizeBytes of [2 * MIB, body.length]) {
    const archiveId = await uploadArchive(client, { vaultName, body: body.subarray(0, sizeBytes) });
    const query = async () => expect(await runOn(archiveId, { expression })).toMatchObject({ status: 'Succeeded' });
    // What an upload or a first run has taken counts for neither.
    if (peaks.length === 0) await query();
    peaks.push(await peakMib(query));
  }
  const [ofSmall = 0, ofLarge = 0] = peaks;
  expect(ofLarge - ofSmall).toBeLessThan(60);
});
