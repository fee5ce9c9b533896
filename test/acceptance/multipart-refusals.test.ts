import { CreateVaultCommand, type GlacierClient } from '@aws-sdk/client-glacier';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { glacierClient, invalid, missing, notFound, type Refusal, vaultNotFound } from '../support/clients.ts';
import { MIB, noise, sha256, treeHash } from '../support/hashes.ts';
import { type RawAnswer, send, sendUpload } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { stateOf } from '../support/state.ts';
import { initiateUpload, uploadPart } from '../support/uploads.ts';

/** Multipart uploads that are refused: each leaves the vault, the upload and its parts as they were. */
const vaultName = 'refusals';
const uploadsPath = `/-/vaults/${vaultName}/multipart-uploads`;
const NEVER = 'A'.repeat(92);
const bytes = noise(2 * MIB + 10);

let server: TestServer;
let client: GlacierClient;
/** An open upload with parts of 1 MiB, of which it has the first and the third. */
let uploadId = '';
let before = '';
beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
  for (const name of [vaultName, 'other']) {
    await client.send(new CreateVaultCommand({ accountId: '-', vaultName: name }));
  }
  uploadId = await initiateUpload(client, { vaultName, partSize: MIB });
  for (const index of [0, 2]) await uploadPart(client, { vaultName, partSize: MIB, bytes, uploadId, index });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  before = await stateOf(server, vaultName);
});
afterEach(async () => expect(await stateOf(server, vaultName)).toBe(before));

const refused = (answer: RawAnswer): Refusal => ({
  status: answer.status,
  code: answer.json.code,
  message: answer.json.message,
});

describe('InitiateMultipartUpload', () => {
  const initiate = async (headers: Record<string, string>, path = uploadsPath) =>
    refused(await send(server, { method: 'POST', path, headers }));
  const badPartSize = (size: string) =>
    invalid(
      `Invalid part size: ${size}. Part size must not be null, must be a power of two and be between 1048576 and ` +
        '4294967296 bytes.',
    );

  test.each([
    '0',
    '1',
    '524288',
    '1048575',
    '1048577',
    '3145728',
    '10485760',
    '8589934592',
    '-1048576',
    '1048576.0',
    '1e6',
    '0x100000',
    'one',
    '99999999999999999999',
  ])('refuses the part size %s', async (size) => {
    expect(await initiate({ 'x-amz-part-size': size })).toEqual(badPartSize(size));
  });

  test('takes a part size that is not there for 0', async () => {
    expect(await initiate({})).toEqual(badPartSize('0'));
  });

  test('refuses a description that is too long', async () => {
    const headers = { 'x-amz-part-size': String(MIB), 'x-amz-archive-description': 'd'.repeat(1025) };
    expect(await initiate(headers)).toMatchObject({ status: 400, code: 'InvalidParameterValueException' });
  });

  test('refuses a vault that is not there', async () => {
    const answer = await initiate({ 'x-amz-part-size': String(MIB) }, '/-/vaults/nowhere/multipart-uploads');
    expect(answer).toEqual(vaultNotFound('nowhere'));
  });
});

describe('UploadMultipartPart', () => {
  const part = Buffer.from('part');
  const put = async (
    headers: Record<string, string | undefined>,
    { body = part, id = uploadId }: { body?: Uint8Array; id?: string } = {},
  ) => refused(await sendUpload(server, { method: 'PUT', path: `${uploadsPath}/${id}`, headers, body }));
  const place = (range: string) => ({ 'content-range': range });

  test('without a Content-Range', async () => {
    expect(await put({})).toEqual(missing('Content-Range'));
  });

  test.each([
    '0-3',
    'bytes */4',
    'bytes -3/*',
    'bytes 0-/*',
    'bytes 0-3',
    'octets 0-3/*',
    'bytes 3-0/*',
    'bytes a-b/*',
  ])('with the Content-Range "%s"', async (range) => {
    expect(await put(place(range))).toEqual(invalid(`Invalid Content-Range: ${range}`));
  });

  test.each(['bytes 0-2/*', 'bytes 0-4/*', 'bytes 1048576-2097151/*'])(
    'with a body that does not fill "%s"',
    async (range) => {
      expect(await put(place(range))).toEqual(
        invalid(`Content-Range: ${range} is incompatible with Content-Length: 4`),
      );
    },
  );

  test.each([1, MIB - 4, MIB + 1, 2 ** 40 + 1])('at byte %i, which is no multiple of the part size', async (start) => {
    expect(await put(place(`bytes ${start}-${start + 3}/*`))).toEqual(
      invalid(
        `Invalid Content-Range: bytes ${start}-${start + 3}/* does not start at a multiple of the part size 1048576.`,
      ),
    );
  });

  test('that is longer than a part', async () => {
    const body = noise(MIB + 1);
    expect(await put(place(`bytes 0-${MIB}/*`), { body })).toEqual(
      invalid(`Invalid Content-Range: bytes 0-${MIB}/* is larger than the part size ${MIB}.`),
    );
  });

  test('number 10,001', async () => {
    const start = 10_000 * MIB;
    expect(await put(place(`bytes ${start}-${start + 3}/*`))).toEqual(
      invalid('This is part number 10001 for the current multipart upload. It exceeds the limit of 10000 parts.'),
    );
  });

  test('with no body', async () => {
    expect(await put(place('bytes 0-0/*'), { body: Buffer.alloc(0) })).toEqual(invalid('Invalid Content-Length: 0'));
  });

  test('without hashes, or with wrong ones', async () => {
    const range = place('bytes 0-3/*');
    expect(await put({ ...range, 'x-amz-sha256-tree-hash': undefined })).toEqual(missing('x-amz-sha256-tree-hash'));
    expect(await put({ ...range, 'x-amz-content-sha256': undefined })).toEqual(missing('x-amz-content-sha256'));
    expect(await put({ ...range, 'x-amz-sha256-tree-hash': '000' })).toEqual(
      invalid('Invalid x-amz-sha256-tree-hash: 000'),
    );
    const zeros = '0'.repeat(32);
    expect(await put({ ...range, 'x-amz-sha256-tree-hash': zeros })).toEqual(
      invalid(`Checksum mismatch: expected ${zeros}, computed ${treeHash(part)}`),
    );
    expect(await put({ ...range, 'x-amz-content-sha256': sha256('other') })).toMatchObject({
      status: 403,
      code: 'InvalidSignatureException',
      message: expect.stringContaining(`Computed digest: ${sha256(part)} expected hash: ${sha256('other')}`),
    });
  });

  test('of an upload that never was', async () => {
    expect(await put(place('bytes 0-3/*'), { id: NEVER })).toEqual(notFound(`The upload ID was not found: ${NEVER}`));
  });
});

describe('CompleteMultipartUpload', () => {
  const complete = async (headers: Record<string, string>, path = `${uploadsPath}/${uploadId}`) =>
    refused(await send(server, { method: 'POST', path, headers }));
  const claim = (sizeBytes: number, hash = treeHash(bytes)) => ({
    'x-amz-archive-size': String(sizeBytes),
    'x-amz-sha256-tree-hash': hash,
  });

  test('without a size or a hash', async () => {
    const { 'x-amz-archive-size': size, 'x-amz-sha256-tree-hash': hash } = claim(bytes.length);
    expect(await complete({ 'x-amz-sha256-tree-hash': hash })).toEqual(missing('x-amz-archive-size'));
    expect(await complete({ 'x-amz-archive-size': size })).toEqual(missing('x-amz-sha256-tree-hash'));
  });

  test.each(['-1', '1.5', 'ten', '0x10', '99999999999999999999'])('with the size %s', async (size) => {
    const headers = { ...claim(0), 'x-amz-archive-size': size };
    expect(await complete(headers)).toEqual(invalid(`Invalid x-amz-archive-size: ${size}`));
  });

  test('F-22 with a gap between the parts', async () => {
    expect(await complete(claim(bytes.length))).toEqual(
      invalid(`The upload is incomplete: bytes ${MIB}-${2 * MIB - 1} were not uploaded.`),
    );
  });

  test('with a part that is short and not the last, with a wrong size, and with a wrong hash', async () => {
    const other = await initiateUpload(client, { vaultName: 'other', partSize: MIB });
    const path = `/-/vaults/other/multipart-uploads/${other}`;
    const start = async () => stateOf(server, 'other');
    expect(await complete(claim(0), path)).toEqual(invalid('The upload is incomplete: it has no parts.'));

    const upload = { vaultName: 'other', partSize: MIB, bytes, uploadId: other };
    const headers = { 'content-range': 'bytes 0-3/*' };
    await sendUpload(server, { method: 'PUT', path, headers, body: Buffer.from('part') });
    for (const index of [1, 2]) await uploadPart(client, { ...upload, index });
    const short = await start();
    const refusal = await complete(claim(bytes.length), path);
    expect(refusal).toMatchObject({ status: 400, code: 'InvalidParameterValueException' });
    expect(await start()).toBe(short);

    await uploadPart(client, { ...upload, index: 0 });
    const open = await start();
    for (const size of [0, bytes.length - 1, bytes.length + 1]) {
      expect(await complete(claim(size), path)).toEqual(
        invalid(`Invalid x-amz-archive-size: ${size}. The uploaded parts add up to ${bytes.length} bytes.`),
      );
    }
    const empty = sha256('');
    expect(await complete(claim(bytes.length, empty), path)).toEqual(
      invalid(`Invalid x-amz-sha256-tree-hash: ${empty}`),
    );
    const shouted = 'AB'.repeat(32);
    expect(await complete(claim(bytes.length, shouted), path)).toEqual(
      invalid(`Invalid x-amz-sha256-tree-hash: ${shouted}`),
    );
    expect(await complete(claim(bytes.length, '000'), path)).toEqual(invalid('Invalid x-amz-sha256-tree-hash: 000'));
    expect(await start()).toBe(open);
    const done = await send(server, { method: 'POST', path, headers: claim(bytes.length) });
    expect(done.status).toBe(201);
  });

  test('of an upload that never was, or of another vault', async () => {
    expect(await complete(claim(4), `${uploadsPath}/${NEVER}`)).toEqual(
      notFound(`The upload ID was not found: ${NEVER}`),
    );
    expect(await complete(claim(4), `/-/vaults/other/multipart-uploads/${uploadId}`)).toEqual(
      notFound(`The upload ID was not found: ${uploadId}`),
    );
  });
});

test('ListParts of an upload that never was, or of another vault', async () => {
  const list = async (path: string) => refused(await send(server, { method: 'GET', path }));
  expect(await list(`${uploadsPath}/${NEVER}`)).toEqual(notFound(`The upload ID was not found: ${NEVER}`));
  expect(await list(`/-/vaults/other/multipart-uploads/${uploadId}`)).toEqual(
    notFound(`The upload ID was not found: ${uploadId}`),
  );
});
