import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateVaultCommand,
  DeleteArchiveCommand,
  DescribeVaultCommand,
  type GlacierClient,
  ListVaultsCommand,
} from '@aws-sdk/client-glacier';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { glacierClient, outputOf, refusalOf, runJob, uploadArchive } from '../support/clients.ts';
import { MIB, noise, sha256 } from '../support/hashes.ts';
import { type Operator, operatorOf } from '../support/operator.ts';
import { runProgram } from '../support/program.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { initiateUpload, uploadInParts, uploadPart } from '../support/uploads.ts';
import { locksOf, retention } from '../support/vault-lock.ts';

/** The metadata of a store are lost, and made again from its bytes: clients must not be able to tell. */
const ARCHIVES = 200;
const OTHER_ACCOUNT = '444455556666';
const vaultName = 'many';

let directory = '';
let dataDir = '';
let operator: Operator;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-rebuild-'));
  dataDir = join(directory, 'data');
  operator = operatorOf(dataDir);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const start = () => startServer({ dataDir });
const makeVault = (client: GlacierClient, name: string) =>
  client.send(new CreateVaultCommand({ accountId: '-', vaultName: name }));
const remove = (client: GlacierClient, archiveId: string) =>
  client.send(new DeleteArchiveCommand({ accountId: '-', vaultName, archiveId }));
const removeMetadata = (of = dataDir) => {
  for (const name of readdirSync(of)) if (name.startsWith('metadata.sqlite')) rmSync(join(of, name));
};
const rebuild = (...flags: string[]) => runProgram(['rebuild', '--data-dir', dataDir, ...flags]);

interface Report {
  vaults: { restored: number; known: number };
  archives: { restored: number; known: number; deleted: number };
  locks: { recorded: number; restored: number };
  left: { parts: number; lists: number; outputs: number; undescribed: number; otherVaults: number };
  problems: { damaged: number; missing: number; conflicts: number };
}
const reported = (...flags: string[]): Promise<Report> => operator.ask<Report>(['rebuild', ...flags]);

/** A client of the other account, with a key that is made for it: keys are not among what comes back. */
async function otherClient(server: TestServer, words: string[]): Promise<GlacierClient> {
  const answer = await operator.ask<{ key?: Key } & Partial<Key>>(words);
  return glacierClient({ ...server, ...((answer.key ?? answer) as Key) });
}
interface Key {
  accessKeyId: string;
  secretAccessKey: string;
}

/** What a client sees of the vaults of an account: the vaults, and of each its inventory and its lock. */
async function seen(client: GlacierClient) {
  const { VaultList = [] } = await client.send(new ListVaultsCommand({ accountId: '-' }));
  const vaults = [];
  for (const { VaultName = '', LastInventoryDate: _, ...facts } of VaultList) {
    const lock = await locksOf(client, VaultName)
      .get()
      .then(({ $metadata, ...members }) => members)
      .catch((error: Error) => error.name);
    vaults.push({ VaultName, ...facts, lock, archives: await inventoryOf(client, VaultName) });
  }
  return vaults;
}

interface Inventoried {
  ArchiveId: string;
  Size: number;
}

/** Archives of one instant may come in any order. */
async function inventoryOf(client: GlacierClient, name: string): Promise<Inventoried[]> {
  const jobId = await runJob(client, name, { Type: 'inventory-retrieval' });
  const { bytes } = await outputOf(client, { vaultName: name, jobId });
  const { ArchiveList } = JSON.parse(bytes.toString()) as { ArchiveList: Inventoried[] };
  return ArchiveList.sort((one, other) => (one.ArchiveId < other.ArchiveId ? -1 : 1));
}

async function hashOf(client: GlacierClient, name: string, ArchiveId: string): Promise<string> {
  const jobId = await runJob(client, name, { Type: 'archive-retrieval', ArchiveId });
  return sha256((await outputOf(client, { vaultName: name, jobId })).bytes);
}

/** Every printable character, and what a client may not send at all left out. */
const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');
const descriptionOf = (index: number): string | undefined =>
  [undefined, `archive ${index}`, PRINTABLE.slice(1, 94), `${'x'.repeat(1023)}y`, '"\\</script>'][index % 5];

/** Everything there can be, on a server with two accounts; returns the hashes of some archives by their ids. */
async function fill(client: GlacierClient, other: GlacierClient): Promise<Map<string, string>> {
  for (const name of [vaultName, 'empty', 'locked']) await makeVault(client, name);
  await makeVault(other, vaultName);
  const hashes = new Map<string, string>();
  const keep = async (of: GlacierClient, name: string, index: number) => {
    const body = noise(1 + (index % 7) * 300, `archive ${index}`);
    const description = descriptionOf(index);
    const facts = { vaultName: name, body, ...(description === undefined ? {} : { description }) };
    const id = await uploadArchive(of, facts);
    if (index % 20 === 0 && of === client && name === vaultName) hashes.set(id, sha256(body));
    return id;
  };
  const ids: string[] = [];
  for (let index = 0; index < ARCHIVES; index += 8) {
    ids.push(...(await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((step) => keep(client, vaultName, index + step)))));
  }
  await keep(other, vaultName, 1);
  await keep(client, 'locked', 2);
  for (const sizeBytes of [2.5 * MIB, 3 * MIB]) {
    const bytes = noise(sizeBytes);
    hashes.set(await uploadArchive(client, { vaultName, body: bytes }), sha256(bytes));
    hashes.set(await uploadInParts(client, { vaultName, partSize: MIB, bytes }, [1, 0, 2]), sha256(bytes));
  }
  const gone = await uploadInParts(client, { vaultName, partSize: MIB, bytes: noise(1.5 * MIB) });
  for (const id of [gone, ids[1] ?? '', ids[2] ?? '']) await remove(client, id);
  const uploadId = await initiateUpload(client, { vaultName, partSize: MIB });
  await uploadPart(client, { vaultName, partSize: MIB, bytes: noise(MIB), uploadId, index: 0 });
  await locksOf(client, 'locked').lock(retention('locked', 365));
  // What was deleted is gone for good when its bytes are.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  return hashes;
}

describe('F-42 the metadata are deleted', () => {
  test('and come back from the bytes, in every account: vaults, dates, archives, descriptions, locks', async () => {
    let before: unknown;
    let hashes = new Map<string, string>();
    {
      await using server = await start();
      const client = glacierClient(server);
      const other = await otherClient(server, ['accounts', 'create', '--id', OTHER_ACCOUNT]);
      hashes = await fill(client, other);
      before = [await seen(client), await seen(other)];
      expect(await server.stop()).toBe(0);
    }
    removeMetadata();
    const refused = await runProgram(['serve', '--data-dir', dataDir, '--listen', '127.0.0.1:0']);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('or run `moraine rebuild`') });
    const planned = await reported('--dry-run');
    expect(readdirSync(dataDir).filter((name) => name.startsWith('metadata'))).toEqual([]);
    const report = await reported();
    expect({ ...report, dryRun: true }).toEqual(planned);
    expect(report).toMatchObject({
      vaults: { restored: 4 },
      archives: { restored: ARCHIVES + 4, known: 0, deleted: 0 },
      locks: { recorded: 1, restored: 1 },
      left: { parts: 1, lists: 0, undescribed: 0, otherVaults: 0 },
      problems: { damaged: 0, missing: 0, conflicts: 0 },
    });
    {
      await using server = await start();
      const client = glacierClient(server);
      const other = await otherClient(server, ['keys', 'create', '--account', OTHER_ACCOUNT]);
      expect([await seen(client), await seen(other)]).toEqual(before);
      for (const [id, hash] of hashes) expect(await hashOf(client, vaultName, id)).toBe(hash);
      const { get, remove: removeFrom } = locksOf(client, 'locked');
      expect(await get()).toMatchObject({ State: 'Locked', Policy: retention('locked', 365) });
      const [held] = await inventoryOf(client, 'locked');
      expect(await refusalOf(removeFrom(held?.ArchiveId ?? ''))).toMatchObject({ code: 'AccessDeniedException' });
      // Life goes on: what came back is an archive like any other.
      const [first = ''] = hashes.keys();
      await remove(client, first);
      await uploadArchive(client, { vaultName, body: Buffer.from('new') });
      const { NumberOfArchives } = await client.send(new DescribeVaultCommand({ accountId: '-', vaultName }));
      expect(NumberOfArchives).toBe(ARCHIVES + 4 - 2);
      expect(await server.stop()).toBe(0);
    }
    const again = await reported();
    expect(again).toMatchObject({ vaults: { restored: 0, known: 4 }, archives: { restored: 0, known: ARCHIVES + 4 } });
  });
});

describe('F-41 metadata and bytes of different times', () => {
  test('newer bytes are taken up, what is deleted stays deleted, and rows without bytes are named', async () => {
    const backup = join(directory, 'backup.sqlite');
    const made: Record<string, string> = {};
    let open = '';
    {
      await using server = await start();
      const client = glacierClient(server);
      await makeVault(client, vaultName);
      made.kept = await uploadArchive(client, { vaultName, body: Buffer.from('kept') });
      made.lost = await uploadInParts(client, { vaultName, partSize: MIB, bytes: noise(2 * MIB) });
      made.deleted = await uploadArchive(client, { vaultName, body: Buffer.from('deleted') });
      await remove(client, made.deleted);
      open = await initiateUpload(client, { vaultName, partSize: MIB });
      await uploadPart(client, { vaultName, partSize: MIB, bytes: noise(2 * MIB), uploadId: open, index: 0 });
      expect((await runProgram(['backup', '--data-dir', dataDir, '--to', backup])).code).toBe(0);
      await uploadPart(client, { vaultName, partSize: MIB, bytes: noise(2 * MIB), uploadId: open, index: 1 });
      made.newer = await uploadArchive(client, { vaultName, body: Buffer.from('newer'), description: 'newer' });
      await remove(client, made.lost);
      await makeVault(client, 'later');
      await new Promise((resolve) => setTimeout(resolve, 2500));
      expect(await server.stop()).toBe(0);
    }
    removeMetadata();
    cpSync(backup, join(dataDir, 'metadata.sqlite'));
    const { code, stdout, stderr } = await rebuild('--json');
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      vaults: { restored: 1, known: 1 },
      archives: { restored: 1, known: 1 },
      problems: { damaged: 0, missing: 2, conflicts: 0 },
    });
    expect(stderr).toContain(`the archive ${made.lost} of the vault 111122223333:${vaultName} has no bytes`);
    await using server = await start();
    const client = glacierClient(server);
    const ids = (await inventoryOf(client, vaultName)).map(({ ArchiveId }) => ArchiveId);
    expect(ids.sort()).toEqual([made.kept, made.lost, made.newer].sort());
    expect(await inventoryOf(client, 'later')).toEqual([]);
  });
});

describe('a rebuild', () => {
  test('needs the directory to itself, and metadata that can be opened or none', async () => {
    {
      await using server = await start();
      await makeVault(glacierClient(server), vaultName);
      expect(await rebuild()).toMatchObject({ code: 2, stderr: expect.stringContaining('is held by process') });
      expect(await server.stop()).toBe(0);
    }
    writeFileSync(join(dataDir, 'metadata.sqlite'), noise(8192));
    const { code, stderr } = await rebuild();
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(/are damaged .*move them away/) });
    expect(stderr.split('\n')).toHaveLength(2);
    mkdirSync(join(dataDir, 'away'));
    removeMetadata();
    expect(await reported()).toMatchObject({ vaults: { restored: 1 } });
    const nowhere = await runProgram(['rebuild', '--data-dir', join(directory, 'nothing')]);
    expect(nowhere).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is nothing to make metadata from'),
    });
  });

  test('that was cut off keeps the server from starting until it has been run to its end', async () => {
    {
      await using server = await start();
      await makeVault(glacierClient(server), vaultName);
      expect(await server.stop()).toBe(0);
    }
    writeFileSync(join(dataDir, 'rebuilding'), '');
    const refused = await runProgram(['serve', '--data-dir', dataDir, '--listen', '127.0.0.1:0']);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('run `moraine rebuild` again') });
    expect(await operator.run(['locks', 'list'])).toMatchObject({ code: 2 });
    expect(await reported()).toMatchObject({ vaults: { known: 1 } });
    await using server = await start();
    expect(await seen(glacierClient(server))).toHaveLength(1);
  });

  test('of a directory with nothing but the bytes of another one', async () => {
    {
      await using server = await start();
      const client = glacierClient(server);
      await makeVault(client, vaultName);
      await uploadArchive(client, { vaultName, body: Buffer.from('moved') });
      expect(await server.stop()).toBe(0);
    }
    const moved = join(directory, 'moved');
    mkdirSync(moved, { mode: 0o700 });
    renameSync(join(dataDir, 'blobs'), join(moved, 'blobs'));
    const outcome = await runProgram(['rebuild', '--data-dir', moved]);
    expect(outcome).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('1 added (5 bytes)') });
  });
});
