import { CreateVaultCommand, type GlacierClient, ListPartsCommand } from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { glacierClient, notFound, outputOf, refusalOf, runJob } from '../support/clients.ts';
import { MIB, noise, treeHash } from '../support/hashes.ts';
import { send, sendUpload } from '../support/raw-client.ts';
import { ACCOUNT_ID, startServer, type TestServer } from '../support/server.ts';
import { stateOf } from '../support/state.ts';
import { completeUpload, initiateUpload, uploadInParts, uploadPart } from '../support/uploads.ts';

/** Multipart uploads that go well: how they answer, what becomes of them, and what may be repeated. */
const UPLOAD_ID = /^[A-Za-z0-9_][A-Za-z0-9_-]{91}$/;
const vaultName = 'multipart';
const uploadsPath = `/-/vaults/${vaultName}/multipart-uploads`;

let server: TestServer;
let client: GlacierClient;
beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
});
afterAll(() => server[Symbol.asyncDispose]());

const uploadNotFound = (uploadId: string) => notFound(`The upload ID was not found: ${uploadId}`);
const listParts = (uploadId: string) => client.send(new ListPartsCommand({ accountId: '-', vaultName, uploadId }));
const abort = (uploadId: string) => send(server, { method: 'DELETE', path: `${uploadsPath}/${uploadId}` });
const putPart = (uploadId: string, range: string, body: Uint8Array) =>
  sendUpload(server, { method: 'PUT', path: `${uploadsPath}/${uploadId}`, headers: { 'content-range': range }, body });

async function bytesOf(archiveId: string): Promise<Buffer> {
  const jobId = await runJob(client, vaultName, { Type: 'archive-retrieval', ArchiveId: archiveId });
  return (await outputOf(client, { vaultName, jobId })).bytes;
}

test('InitiateMultipartUpload answers 201 with an id, its Location and an empty object', async () => {
  const answer = await send(server, {
    method: 'POST',
    path: uploadsPath,
    headers: { 'x-amz-part-size': String(MIB), 'x-amz-archive-description': 'week 12' },
  });
  expect(answer.status).toBe(201);
  expect(answer.text).toBe('{}');
  const uploadId = answer.header('x-amz-multipart-upload-id');
  expect(uploadId).toMatch(UPLOAD_ID);
  expect(answer.header('Location')).toBe(`/${ACCOUNT_ID}/vaults/${vaultName}/multipart-uploads/${uploadId}`);
  expect(answer.header('Content-Type')).toBe('application/json');
});

test('ids of uploads never begin with a dash', async () => {
  for (let count = 0; count < 64; count += 1) {
    expect(await initiateUpload(client, { vaultName, partSize: MIB })).toMatch(UPLOAD_ID);
  }
});

test.each(Array.from({ length: 13 }, (_, power) => 2 ** power))('%i MiB is a part size', async (mebibytes) => {
  const uploadId = await initiateUpload(client, { vaultName, partSize: mebibytes * MIB });
  expect((await listParts(uploadId)).PartSizeInBytes).toBe(mebibytes * MIB);
  await abort(uploadId);
});

test('UploadMultipartPart answers 204 without a body, with the tree hash the server computed', async () => {
  const uploadId = await initiateUpload(client, { vaultName, partSize: 2 * MIB });
  const bytes = noise(2 * MIB);
  const answer = await putPart(uploadId, `bytes 0-${2 * MIB - 1}/*`, bytes);
  expect(answer.status).toBe(204);
  expect(answer.bytes).toHaveLength(0);
  expect(answer.header('Content-Type')).toBeUndefined();
  expect(answer.header('x-amz-sha256-tree-hash')).toBe(treeHash(bytes));
  await abort(uploadId);
});

test.each(['bytes 0-3/*', 'bytes 0-3/4', 'bytes 00-03/*'])('a part may say "%s"', async (range) => {
  const uploadId = await initiateUpload(client, { vaultName, partSize: MIB });
  expect((await putPart(uploadId, range, Buffer.from('four'))).status).toBe(204);
  expect((await listParts(uploadId)).Parts).toEqual([
    { RangeInBytes: '0-3', SHA256TreeHash: treeHash(Buffer.from('four')) },
  ]);
  await abort(uploadId);
});

describe('CompleteMultipartUpload', () => {
  test('F-04 answers 201 like UploadArchive, and repeating it gives the same archive', async () => {
    const bytes = noise(7 * MIB);
    const upload = { vaultName, partSize: 4 * MIB, bytes };
    const uploadId = await initiateUpload(client, upload);
    for (const index of [1, 0]) await uploadPart(client, { ...upload, uploadId, index });
    const complete = () =>
      send(server, {
        method: 'POST',
        path: `${uploadsPath}/${uploadId}`,
        headers: { 'x-amz-archive-size': String(bytes.length), 'x-amz-sha256-tree-hash': treeHash(bytes) },
      });
    const answer = await complete();
    expect(answer.status).toBe(201);
    expect(answer.text).toBe('{}');
    expect(answer.headers.slice(1, 4).map(([name]) => name)).toEqual([
      'x-amz-sha256-tree-hash',
      'Location',
      'x-amz-archive-id',
    ]);
    const archiveId = answer.header('x-amz-archive-id') ?? '';
    expect(archiveId).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{137}$/);
    expect(answer.header('Location')).toBe(`/${ACCOUNT_ID}/vaults/${vaultName}/archives/${archiveId}`);
    expect(answer.header('x-amz-sha256-tree-hash')).toBe(treeHash(bytes));

    const before = await stateOf(server, vaultName);
    const again = await complete();
    expect([again.status, again.header('x-amz-archive-id')]).toEqual([201, archiveId]);
    expect(await stateOf(server, vaultName)).toBe(before);
    expect((await bytesOf(archiveId)).equals(bytes)).toBe(true);
  });

  test.each([
    ['in order', 3 * MIB, MIB, undefined],
    ['backwards', 5 * MIB + 1, MIB, [5, 4, 3, 2, 1, 0]],
    ['with the last part first', 4 * MIB + 7, 2 * MIB, [2, 0, 1]],
    ['as one short part', 10, MIB, undefined],
    ['as one full part', MIB, MIB, undefined],
    ['with a last part of one byte', 2 * MIB + 1, 2 * MIB, undefined],
  ])('joins parts sent %s', async (_, sizeBytes, partSize, order) => {
    const bytes = noise(sizeBytes);
    const archiveId = await uploadInParts(client, { vaultName, partSize, bytes }, order);
    expect((await bytesOf(archiveId)).equals(bytes)).toBe(true);
  });

  test('joins parts that are sent side by side', async () => {
    const upload = { vaultName, partSize: MIB, bytes: noise(9 * MIB) };
    const uploadId = await initiateUpload(client, upload);
    await Promise.all(Array.from({ length: 9 }, (_, index) => uploadPart(client, { ...upload, uploadId, index })));
    const { archiveId, checksum } = await completeUpload(client, { ...upload, uploadId });
    expect(checksum).toBe(treeHash(upload.bytes));
    expect((await bytesOf(archiveId ?? '')).equals(upload.bytes)).toBe(true);
  });

  test('F-23 many at once make one archive', async () => {
    const upload = { vaultName, partSize: MIB, bytes: noise(2 * MIB) };
    const uploadId = await initiateUpload(client, upload);
    for (const index of [0, 1]) await uploadPart(client, { ...upload, uploadId, index });
    const ids = await Promise.all(
      Array.from({ length: 8 }, async () => (await completeUpload(client, { ...upload, uploadId })).archiveId),
    );
    expect(new Set(ids).size).toBe(1);
  });

  test('F-22 takes the last of several bodies for a place', async () => {
    const upload = { vaultName, partSize: MIB, bytes: noise(2 * MIB, 'last') };
    const uploadId = await initiateUpload(client, upload);
    await uploadPart(client, { ...upload, bytes: noise(2 * MIB, 'first'), uploadId, index: 0 });
    await uploadPart(client, { ...upload, uploadId, index: 1 });
    await uploadPart(client, { ...upload, uploadId, index: 0 });
    expect((await listParts(uploadId)).Parts).toHaveLength(2);
    const { archiveId } = await completeUpload(client, { ...upload, uploadId });
    expect((await bytesOf(archiveId ?? '')).equals(upload.bytes)).toBe(true);
  });

  test('a part that is too short can be sent again in full', async () => {
    const upload = { vaultName, partSize: MIB, bytes: noise(MIB + 5) };
    const uploadId = await initiateUpload(client, upload);
    expect((await putPart(uploadId, 'bytes 0-9/*', upload.bytes.subarray(0, 10))).status).toBe(204);
    for (const index of [0, 1]) await uploadPart(client, { ...upload, uploadId, index });
    const { archiveId } = await completeUpload(client, { ...upload, uploadId });
    expect((await bytesOf(archiveId ?? '')).equals(upload.bytes)).toBe(true);
  });

  test('ends the upload: no parts, no abort, no more parts', async () => {
    const upload = { vaultName, partSize: MIB, bytes: noise(10) };
    const uploadId = await initiateUpload(client, upload);
    await uploadPart(client, { ...upload, uploadId, index: 0 });
    await completeUpload(client, { ...upload, uploadId });
    const before = await stateOf(server, vaultName);
    expect(before).not.toContain(uploadId);
    expect(await refusalOf(listParts(uploadId))).toEqual(uploadNotFound(uploadId));
    expect((await abort(uploadId)).json).toMatchObject({ message: `The upload ID was not found: ${uploadId}` });
    expect(await refusalOf(uploadPart(client, { ...upload, uploadId, index: 0 }))).toEqual(uploadNotFound(uploadId));
    expect(await stateOf(server, vaultName)).toBe(before);
  });
});

describe('AbortMultipartUpload', () => {
  test('answers 204 with nothing, and again; the upload is gone', async () => {
    const upload = { vaultName, partSize: MIB, bytes: noise(10) };
    const uploadId = await initiateUpload(client, upload);
    await uploadPart(client, { ...upload, uploadId, index: 0 });
    for (const _ of ['first', 'again']) {
      const answer = await abort(uploadId);
      expect([answer.status, answer.bytes.length]).toEqual([204, 0]);
    }
    expect(await stateOf(server, vaultName)).not.toContain(uploadId);
    expect(await refusalOf(listParts(uploadId))).toEqual(uploadNotFound(uploadId));
    expect(await refusalOf(uploadPart(client, { ...upload, uploadId, index: 0 }))).toEqual(uploadNotFound(uploadId));
    expect(await refusalOf(completeUpload(client, { ...upload, uploadId }))).toEqual(uploadNotFound(uploadId));
  });

  test('of an upload that never was is refused', async () => {
    const uploadId = 'A'.repeat(92);
    const answer = await abort(uploadId);
    expect([answer.status, answer.text]).toEqual([
      404,
      `{"code":"ResourceNotFoundException","message":"The upload ID was not found: ${uploadId}","type":"Client"}`,
    ]);
  });
});

describe('the listings of uploads', () => {
  test('show uploads and parts byte for byte', async () => {
    const vault = 'shown';
    await client.send(new CreateVaultCommand({ accountId: '-', vaultName: vault }));
    const list = () => send(server, { method: 'GET', path: `/-/vaults/${vault}/multipart-uploads` });
    expect((await list()).text).toBe('{"Marker":null,"UploadsList":[]}');
    const plain = await initiateUpload(client, { vaultName: vault, partSize: MIB });
    const described = await initiateUpload(client, { vaultName: vault, partSize: 4 * MIB, description: 'a "b" \\c' });
    const uploads = await list();
    const dates = uploads.json.UploadsList.map((upload: { CreationDate: string }) => upload.CreationDate);
    for (const date of dates) expect(date).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const arn = `arn:aws:glacier:us-east-1:${ACCOUNT_ID}:vaults/${vault}`;
    expect(uploads.text).toBe(
      `{"Marker":null,"UploadsList":[{"ArchiveDescription":null,"CreationDate":"${dates[0]}",` +
        `"MultipartUploadId":"${plain}","PartSizeInBytes":1048576,"VaultARN":"${arn}"},` +
        `{"ArchiveDescription":"a \\"b\\" \\\\c","CreationDate":"${dates[1]}",` +
        `"MultipartUploadId":"${described}","PartSizeInBytes":4194304,"VaultARN":"${arn}"}]}`,
    );

    const bytes = noise(5 * MIB);
    const upload = { vaultName: vault, partSize: 4 * MIB, bytes, uploadId: described };
    for (const index of [1, 0]) await uploadPart(client, { ...upload, index });
    const parts = await send(server, { method: 'GET', path: `/-/vaults/${vault}/multipart-uploads/${described}` });
    expect(parts.text).toBe(
      `{"ArchiveDescription":"a \\"b\\" \\\\c","CreationDate":"${dates[1]}","Marker":null,` +
        `"MultipartUploadId":"${described}","PartSizeInBytes":4194304,` +
        `"Parts":[{"RangeInBytes":"0-4194303","SHA256TreeHash":"${treeHash(bytes.subarray(0, 4 * MIB))}"},` +
        `{"RangeInBytes":"4194304-5242879","SHA256TreeHash":"${treeHash(bytes.subarray(4 * MIB))}"}],` +
        `"VaultARN":"${arn}"}`,
    );
  });
});
