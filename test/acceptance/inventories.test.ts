import {
  CreateVaultCommand,
  DeleteArchiveCommand,
  DescribeVaultCommand,
  type GlacierClient,
} from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arnOf, ended, glacierClient, outputOf, runJob, startJob, uploadArchive } from '../support/clients.ts';
import { MIB, noise, treeHash } from '../support/hashes.ts';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { uploadInParts } from '../support/uploads.ts';

const INSTANT_S = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const vaultName = 'inventory';
const CSV_HEAD = 'ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n';

interface Entry {
  ArchiveId: string;
  ArchiveDescription: string;
  CreationDate: string;
  Size: number;
  SHA256TreeHash: string;
}

let server: TestServer;
let client: GlacierClient;
/** What the vault holds, oldest first; the dates are the server's. */
const held: Omit<Entry, 'CreationDate'>[] = [];
beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  for (const description of ['plain', '', 'a,1"2', 'a,1\\"2', '\\', '{"json":true}', "it's = 5", '""']) {
    const body = noise(MIB + held.length, description);
    const ArchiveId = await uploadArchive(client, { vaultName, body, description });
    held.push({ ArchiveId, ArchiveDescription: description, Size: body.length, SHA256TreeHash: treeHash(body) });
  }
  const bytes = noise(3 * MIB + 5, 'parted');
  const ArchiveId = await uploadInParts(client, { vaultName, partSize: MIB, bytes });
  held.push({ ArchiveId, ArchiveDescription: '', Size: bytes.length, SHA256TreeHash: treeHash(bytes) });
});
afterAll(() => server[Symbol.asyncDispose]());

async function inventory(vault: string, Format?: string) {
  const jobId = await startJob(client, vault, { Type: 'inventory-retrieval', ...(Format && { Format }) });
  const job = await ended(client, vault, jobId);
  const output = await outputOf(client, { vaultName: vault, jobId });
  expect(job.InventorySizeInBytes).toBe(output.bytes.length);
  return { jobId, output, text: output.bytes.toString('utf8') };
}

describe('as JSON', () => {
  test('is one compact line with its members in their own order, byte for byte', async () => {
    const { output, text } = await inventory(vaultName);
    const { InventoryDate, ArchiveList } = JSON.parse(text) as { InventoryDate: string; ArchiveList: Entry[] };
    expect(InventoryDate).toMatch(INSTANT_S);
    const entries = held.map(({ ArchiveId, ArchiveDescription, Size, SHA256TreeHash }, index) => {
      const CreationDate = ArchiveList[index]?.CreationDate;
      expect(CreationDate).toMatch(INSTANT_S);
      return JSON.stringify({ ArchiveId, ArchiveDescription, CreationDate, Size, SHA256TreeHash });
    });
    expect(text).toBe(
      `{"VaultARN":"${arnOf(vaultName)}","InventoryDate":"${InventoryDate}","ArchiveList":[${entries.join(',')}]}`,
    );
    expect(output).toMatchObject({ status: 200, contentType: 'application/json', acceptRanges: 'bytes' });
    expect(output.checksum).toBeUndefined();
    expect(output.archiveDescription).toBeUndefined();
  });

  test('of an empty vault has an empty list', async () => {
    await client.send(new CreateVaultCommand({ accountId: '-', vaultName: 'empty' }));
    const { text } = await inventory('empty');
    expect(text).toBe(
      `{"VaultARN":"${arnOf('empty')}","InventoryDate":"${JSON.parse(text).InventoryDate}","ArchiveList":[]}`,
    );
  });

  test('has the sizes that real inventories have for the same content', async () => {
    const one = 'iot-cloud-vault-01';
    const two = 'iot-cloud-vault-02';
    for (const name of [one, two]) await client.send(new CreateVaultCommand({ accountId: '-', vaultName: name }));
    await uploadArchive(client, { vaultName: one, body: noise(3_145_728) });
    for (const seed of ['1', '2']) await uploadArchive(client, { vaultName: two, body: noise(6_292_900, seed) });
    // Every region and account number of those inventories is as long as this server's.
    expect((await inventory(one)).output.bytes).toHaveLength(450);
    expect((await inventory(two)).output.bytes).toHaveLength(766);
  });
});

describe('as CSV', () => {
  test('has a head and one line per archive, byte for byte', async () => {
    const { text: json } = await inventory(vaultName, 'JSON');
    const dates = JSON.parse(json).ArchiveList.map((entry: Entry) => entry.CreationDate);
    const { output, text } = await inventory(vaultName, 'CSV');
    // A quote gets a backslash before it and a backslash stays as it is, so the text is ambiguous, like the real one.
    const written = held.map(({ ArchiveId, ArchiveDescription, Size, SHA256TreeHash }, index) => {
      const description = ArchiveDescription.replaceAll('"', '\\"');
      return `${ArchiveId},"${description}",${dates[index]},${Size},${SHA256TreeHash}\n`;
    });
    expect(text).toBe(CSV_HEAD + written.join(''));
    expect(text).toContain(',"a,1\\"2",');
    expect(text).toContain(',"a,1\\\\"2",');
    expect(text).toContain(',"\\",');
    expect(output).toMatchObject({ status: 200, contentType: 'text/csv', acceptRanges: 'bytes' });
    expect(output.checksum).toBeUndefined();
  });

  test('of an empty vault is the head alone', async () => {
    await client.send(new CreateVaultCommand({ accountId: '-', vaultName: 'empty' }));
    expect((await inventory('empty', 'CSV')).text).toBe(CSV_HEAD);
  });
});

describe('a Range of an inventory', () => {
  test('is answered with 206 and no tree hash', async () => {
    const { jobId, output } = await inventory(vaultName);
    const path = `/-/vaults/${vaultName}/jobs/${jobId}/output`;
    const total = output.bytes.length;
    const pieces: Buffer[] = [];
    for (let start = 0; start < total; start += 1000) {
      const range = `bytes=${start}-${start + 999}`;
      const piece = await send(server, { method: 'GET', path, headers: { range } });
      expect(piece.status).toBe(206);
      expect(piece.header('Content-Range')).toBe(`bytes ${start}-${Math.min(start + 999, total - 1)}/${total}`);
      expect(piece.header('Content-Type')).toBe('application/json');
      expect(piece.header('x-amz-sha256-tree-hash')).toBeUndefined();
      pieces.push(piece.bytes);
    }
    expect(Buffer.concat(pieces).equals(output.bytes)).toBe(true);
    const past = await send(server, { method: 'GET', path, headers: { range: `bytes=${total}-` } });
    expect([past.status, past.json.code]).toEqual([400, 'InvalidParameterValueException']);
  });
});

describe('an inventory is a snapshot', () => {
  test('of the moment of its job: later uploads and deletions are not in it, and in the next one they are', async () => {
    const name = 'snapshot';
    await client.send(new CreateVaultCommand({ accountId: '-', vaultName: name }));
    const first = await uploadArchive(client, { vaultName: name, body: Buffer.from('first') });
    const job = await runJob(client, name, { Type: 'inventory-retrieval' });
    const second = await uploadArchive(client, { vaultName: name, body: Buffer.from('second') });
    await client.send(new DeleteArchiveCommand({ accountId: '-', vaultName: name, archiveId: first }));
    const listed = (text: string) => JSON.parse(text).ArchiveList.map((entry: Entry) => entry.ArchiveId);
    expect(listed((await outputOf(client, { vaultName: name, jobId: job })).bytes.toString())).toEqual([first]);
    const now = await inventory(name);
    expect(listed(now.text)).toEqual([second]);
    const vault = await client.send(new DescribeVaultCommand({ accountId: '-', vaultName: name }));
    expect(vault.NumberOfArchives).toBe(1);
    expect(Date.parse(JSON.parse(now.text).InventoryDate) + 1000).toBeGreaterThan(
      Date.parse(vault.LastInventoryDate ?? ''),
    );
  });
});
