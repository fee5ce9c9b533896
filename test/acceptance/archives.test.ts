import {
  CreateVaultCommand,
  DeleteArchiveCommand,
  type GlacierClient,
  UploadArchiveCommand,
} from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  arnOf,
  glacierClient,
  invalid,
  missing,
  notFound,
  outputOf,
  refusalOf,
  runJob,
  uploadArchive,
  vaultNotFound,
} from '../support/clients.ts';
import { MIB, noise, sha256, treeHash } from '../support/hashes.ts';
import { type RawAnswer, send, sendUpload } from '../support/raw-client.ts';
import { ACCOUNT_ID, startServer, type TestServer } from '../support/server.ts';
import { stateOf } from '../support/state.ts';

const ARCHIVE_ID = /^[A-Za-z0-9_][A-Za-z0-9_-]{136}[AQgw]$/;
const vaultName = 'archives';
const path = `/-/vaults/${vaultName}/archives`;

let server: TestServer;
let client: GlacierClient;
beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName: 'other' }));
});
afterAll(() => server[Symbol.asyncDispose]());

const body = Buffer.from('Welcome to Amazon Glacier.');
const refused = (answer: RawAnswer) => ({
  status: answer.status,
  code: answer.json.code,
  message: answer.json.message,
});
const upload = (headers: Record<string, string | undefined>, bytes: Uint8Array = body) =>
  sendUpload(server, { method: 'POST', path, headers, body: bytes });
/** What comes back of an archive, with its description. */
async function retrieved(archiveId: string, vault = vaultName) {
  const jobId = await runJob(client, vault, { Type: 'archive-retrieval', ArchiveId: archiveId });
  return outputOf(client, { vaultName: vault, jobId });
}

describe('UploadArchive', () => {
  test('answers 201 with the headers in the usual order and an empty object', async () => {
    const answer = await upload({ 'x-amz-archive-description': 'week 12' });
    expect(answer.status).toBe(201);
    expect(answer.text).toBe('{}');
    expect(answer.headers.map(([name]) => name).slice(0, 7)).toEqual([
      'x-amzn-RequestId',
      'x-amz-sha256-tree-hash',
      'Location',
      'x-amz-archive-id',
      'Content-Type',
      'Content-Length',
      'Date',
    ]);
    const archiveId = answer.header('x-amz-archive-id');
    expect(archiveId).toMatch(ARCHIVE_ID);
    expect(answer.header('Location')).toBe(`/${ACCOUNT_ID}/vaults/${vaultName}/archives/${archiveId}`);
    expect(answer.header('x-amz-sha256-tree-hash')).toBe(treeHash(body));
    expect(answer.header('Content-Type')).toBe('application/json');
  });

  test.each([1, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB, 5 * MIB + 12_345])(
    'keeps %i bytes as they are, and can give them back at once',
    async (sizeBytes) => {
      const bytes = noise(sizeBytes);
      const answer = await client.send(new UploadArchiveCommand({ accountId: '-', vaultName, body: bytes }));
      expect(answer.checksum).toBe(treeHash(bytes));
      const output = await retrieved(answer.archiveId ?? '');
      expect(output.bytes.equals(bytes)).toBe(true);
      expect(output.checksum).toBe(treeHash(bytes));
    },
  );

  test('knows the published tree hashes of zero bytes', async () => {
    const known: [number, string][] = [
      [MIB, '30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58'],
      [MIB + 1, '28638dab8d5e1754a4ecb38b0ebe6df66c844f94aed142d4d0283d208bb786cd'],
      [3 * MIB, 'ca6cc129a4514ec765de86a4e7a49adf44842c9cac213c383ebe4071271bdf21'],
    ];
    for (const [sizeBytes, hash] of known) {
      const answer = await upload({ 'x-amz-sha256-tree-hash': hash }, Buffer.alloc(sizeBytes));
      expect(answer.header('x-amz-sha256-tree-hash')).toBe(hash);
    }
  });

  test('makes two archives of the same bytes, and ids that never begin with a dash', async () => {
    const ids = await Promise.all(Array.from({ length: 64 }, () => uploadArchive(client, { vaultName, body })));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(ARCHIVE_ID);
  });

  test('takes any content type and a tree hash in capitals', async () => {
    for (const type of ['application/octet-stream', 'text/html', 'application/x-www-form-urlencoded; charset=utf-8']) {
      expect((await upload({ 'content-type': type })).status).toBe(201);
    }
    expect((await upload({ 'x-amz-sha256-tree-hash': treeHash(body).toUpperCase() })).status).toBe(201);
  });
});

describe('a description', () => {
  test.each([
    ['inner blanks, kept while the signature has them collapsed', 'double  spaces  here', 'double  spaces  here'],
    ['leading and trailing blanks, dropped', '   padded  ', 'padded'],
    [
      'every printable character',
      ` !"#$%&'()*+,-./09:;<=>?@AZ[\\]^_\`az{|}~`.trim(),
      `!"#$%&'()*+,-./09:;<=>?@AZ[\\]^_\`az{|}~`,
    ],
    ['1,024 characters', 'd'.repeat(1024), 'd'.repeat(1024)],
  ])('with %s', async (_, sent, kept) => {
    const answer = await upload({ 'x-amz-archive-description': sent });
    const output = await retrieved(answer.header('x-amz-archive-id') ?? '');
    expect(output.archiveDescription).toBe(kept);
  });

  test('that is empty is none', async () => {
    const answer = await upload({ 'x-amz-archive-description': '' });
    expect((await retrieved(answer.header('x-amz-archive-id') ?? '')).archiveDescription).toBeUndefined();
  });

  test.each([
    ['1,025 characters', 'd'.repeat(1025)],
    ['a tab', 'a\tb'],
  ])('with %s is refused', async (_, description) => {
    const before = await stateOf(server, vaultName);
    const answer = await upload({ 'x-amz-archive-description': description });
    expect(refused(answer)).toMatchObject({ status: 400, code: 'InvalidParameterValueException' });
    expect(answer.json.message).toMatch(/^Invalid description: /);
    expect(await stateOf(server, vaultName)).toBe(before);
  });
});

describe('a refused UploadArchive changes nothing:', () => {
  let before = '';
  beforeEach(async () => {
    before = await stateOf(server, vaultName);
  });
  const unchanged = async () => expect(await stateOf(server, vaultName)).toBe(before);

  test('S-15 without a tree hash', async () => {
    expect(refused(await upload({ 'x-amz-sha256-tree-hash': undefined }))).toEqual(missing('x-amz-sha256-tree-hash'));
    await unchanged();
  });

  test('without the hash of the body', async () => {
    const answer = await upload({ 'x-amz-content-sha256': undefined });
    expect(refused(answer)).toEqual(missing('x-amz-content-sha256'));
    await unchanged();
  });

  test.each(['000', '0', 'xyz', `${'0'.repeat(63)}g`])('a malformed tree hash %s', async (hash) => {
    const answer = await upload({ 'x-amz-sha256-tree-hash': hash });
    expect(refused(answer)).toEqual(invalid(`Invalid x-amz-sha256-tree-hash: ${hash}`));
    await unchanged();
  });

  test.each(['0'.repeat(32), '0'.repeat(64)])('S-15 a wrong tree hash %s', async (hash) => {
    const answer = await upload({ 'x-amz-sha256-tree-hash': hash });
    expect(refused(answer)).toEqual(invalid(`Checksum mismatch: expected ${hash}, computed ${treeHash(body)}`));
    expect(answer.text).toMatch(/^\{"code":"[^"]*","message":"[^"]*","type":"Client"\}$/);
    await unchanged();
  });

  test('S-15 a wrong hash of the body, blamed on the signature before the tree hash is looked at', async () => {
    const wrong = sha256('another body');
    const answer = await upload({ 'x-amz-content-sha256': wrong, 'x-amz-sha256-tree-hash': '0'.repeat(64) });
    expect(refused(answer)).toEqual({
      status: 403,
      code: 'InvalidSignatureException',
      message:
        'The value passed in as x-amz-content-sha256 does not match the computed payload hash. ' +
        `Computed digest: ${sha256(body)} expected hash: ${wrong}`,
    });
    expect(answer.text).toMatch(/^\{"message":"[^"]*","code":"[^"]*","type":"Client"\}$/);
    await unchanged();
  });

  test('an empty body', async () => {
    expect(refused(await upload({}, Buffer.alloc(0)))).toEqual(invalid('Invalid Content-Length: 0'));
    await unchanged();
  });

  test('no body at all, for which the SDK works out no tree hash', async () => {
    const call = client.send(new UploadArchiveCommand({ accountId: '-', vaultName }));
    expect(await refusalOf(call)).toEqual(missing('x-amz-sha256-tree-hash'));
    await unchanged();
  });

  test('a vault that is not there', async () => {
    expect(await refusalOf(uploadArchive(client, { vaultName: 'nowhere', body }))).toEqual(vaultNotFound('nowhere'));
    await unchanged();
  });
});

describe('DeleteArchive', () => {
  const remove = (archiveId: string, vault = vaultName) =>
    client.send(new DeleteArchiveCommand({ accountId: '-', vaultName: vault, archiveId }));

  test('answers 204 with nothing, and again', async () => {
    const archiveId = await uploadArchive(client, { vaultName, body });
    const full = await stateOf(server, vaultName);
    const first = await send(server, { method: 'DELETE', path: `${path}/${archiveId}` });
    expect([first.status, first.bytes.length, first.header('Content-Type')]).toEqual([204, 0, undefined]);
    const before = await stateOf(server, vaultName);
    expect(before).not.toBe(full);
    expect((await remove(archiveId)).$metadata.httpStatusCode).toBe(204);
    expect(await stateOf(server, vaultName)).toBe(before);
  });

  test('lets no new job retrieve it, while a finished one can still be downloaded', async () => {
    const archiveId = await uploadArchive(client, { vaultName, body });
    const jobId = await runJob(client, vaultName, { Type: 'archive-retrieval', ArchiveId: archiveId });
    await remove(archiveId);
    const again = runJob(client, vaultName, { Type: 'archive-retrieval', ArchiveId: archiveId });
    expect(await refusalOf(again)).toEqual(notFound(`The archive ID was not found: ${archiveId}`));
    expect((await outputOf(client, { vaultName, jobId })).bytes.equals(body)).toBe(true);
  });

  test('blames the vault when the archive is in another one, which keeps it', async () => {
    const archiveId = await uploadArchive(client, { vaultName, body });
    const before = await stateOf(server, vaultName);
    expect(await refusalOf(remove(archiveId, 'other'))).toEqual(invalid(`Invalid vault name: ${arnOf('other')}`));
    expect(await stateOf(server, vaultName)).toBe(before);
    expect((await retrieved(archiveId)).bytes.equals(body)).toBe(true);
  });

  test.each(['A'.repeat(138), 'x', '-', '..%2F..', '%00'])('refuses an id that never was: %s', async (id) => {
    const before = await stateOf(server, vaultName);
    const answer = await send(server, { method: 'DELETE', path: `${path}/${id}` });
    expect(refused(answer)).toEqual(notFound(`The archive ID was not found: ${decodeURIComponent(id)}`));
    expect(await stateOf(server, vaultName)).toBe(before);
  });

  test('refuses a vault that is not there', async () => {
    expect(await refusalOf(remove('A'.repeat(138), 'nowhere'))).toEqual(vaultNotFound('nowhere'));
  });
});
