import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CreateVaultCommand } from '@aws-sdk/client-glacier';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { glacierClient, uploadArchive } from '../support/clients.ts';
import { runProgram, spawnProgram } from '../support/program.ts';
import { startServer } from '../support/server.ts';

/** Copies of the metadata, of a server that runs and of one that does not. */
const vaultName = 'busy';
const ROWS = 150_000;

let directory = '';
let dataDir = '';
let copies = '';
let to = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-backup-'));
  dataDir = join(directory, 'data');
  copies = join(directory, 'copies');
  mkdirSync(copies);
  to = join(copies, 'metadata.sqlite');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const backup = (...flags: string[]) => runProgram(['backup', '--data-dir', dataDir, '--to', to, ...flags]);

/** Which archives a copy has; throws unless it is sound. */
function archivesIn(path: string): Set<string> {
  using database = new DatabaseSync(path, { readOnly: true });
  expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
  return new Set(
    database
      .prepare('select id from archives')
      .all()
      .map(({ id }) => String(id)),
  );
}

async function withVault() {
  const server = await startServer({ dataDir });
  const client = glacierClient(server);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  return { server, upload: (text: string) => uploadArchive(client, { vaultName, body: Buffer.from(text) }) };
}

test('while uploads run, a copy has all that was acknowledged before it was begun', async () => {
  const { server, upload } = await withVault();
  await using _ = server;
  const acknowledged: string[] = [];
  let isOver = false;
  const uploading = Promise.all(
    [1, 2, 3].map(async (client) => {
      for (let count = 0; !isOver; count += 1) acknowledged.push(await upload(`${client} ${count}`));
    }),
  );
  for (const name of ['one', 'two', 'three']) {
    to = join(copies, name);
    const before = [...acknowledged];
    const { code, stdout, stderr } = await backup('--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const found = archivesIn(to);
    expect(before.filter((id) => !found.has(id))).toEqual([]);
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({ path: to, vaults: 1, archives: found.size, sizeBytes: statSync(to).size });
    expect(Date.parse(told.begunAt)).toBeGreaterThan(Date.now() - 60_000);
    expect(statSync(to).mode & 0o777).toBe(0o600);
  }
  isOver = true;
  await uploading;
  expect(acknowledged.length).toBeGreaterThan(3);
  expect(await server.stop()).toBe(0);
  to = join(copies, 'stopped');
  const { stdout } = await backup();
  expect(stdout).toMatch(
    /^\S+stopped: \d+ bytes, 1 vaults, \d+ archives; everything acknowledged before \S+Z is in it\n$/,
  );
  expect(archivesIn(to)).toEqual(new Set(acknowledged));
  expect(readdirSync(copies).sort()).toEqual(['one', 'stopped', 'three', 'two']);
});

test('a file that is there stays, unless it shall be replaced; places that cannot be right are refused', async () => {
  {
    const { server } = await withVault();
    await using _ = server;
    expect(await server.stop()).toBe(0);
  }
  writeFileSync(to, 'mine');
  expect(await backup()).toMatchObject({ code: 2, stderr: expect.stringContaining('is there already') });
  expect(readFileSync(to, 'utf8')).toBe('mine');
  expect(await backup('--force')).toMatchObject({ code: 0 });
  expect(archivesIn(to).size).toBe(0);
  const wrong: [string, string][] = [
    [join(dataDir, 'metadata.sqlite'), 'is in the data directory'],
    [join(dataDir, 'copy'), 'is in the data directory'],
    [join(directory, 'nowhere', 'copy'), 'there is no directory'],
    [copies, 'is no regular file'],
  ];
  symlinkSync(dataDir, join(directory, 'link'));
  wrong.push([join(directory, 'link', 'copy'), 'is in the data directory']);
  for (const [path, message] of wrong) {
    to = path;
    expect(await backup('--force'), path).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  }
  rmSync(join(dataDir, 'metadata.sqlite'));
  to = join(copies, 'none');
  expect(await backup()).toMatchObject({ code: 2, stderr: expect.stringContaining('there are no metadata') });
  expect(readdirSync(copies)).toEqual(['metadata.sqlite']);
});

test('a backup that is killed leaves nothing under the name, and its rest goes with a later one', async () => {
  const { server } = await withVault();
  await using _ = server;
  expect(await server.stop()).toBe(0);
  {
    using database = new DatabaseSync(join(dataDir, 'metadata.sqlite'));
    database.exec(`
      with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${ROWS})
      insert into reclaimable_blobs select hex(randomblob(60)) || n from numbers`);
  }
  const child = spawnProgram(['backup', '--data-dir', dataDir, '--to', to]);
  const ended = once(child, 'close');
  while (readdirSync(copies).length === 0 && child.exitCode === null) await new Promise((next) => setTimeout(next, 1));
  child.kill('SIGKILL');
  await ended;
  const rests = readdirSync(copies);
  expect(rests).not.toContain('metadata.sqlite');
  expect(rests.length).toBeGreaterThan(0);
  expect(await backup()).toMatchObject({ code: 0 });
  expect(readdirSync(copies)).toEqual(expect.arrayContaining(rests));
  const longAgo = Date.now() / 1000 - 7200;
  for (const name of rests) utimesSync(join(copies, name), longAgo, longAgo);
  expect(await backup('--force')).toMatchObject({ code: 0 });
  expect(readdirSync(copies)).toEqual(['metadata.sqlite']);
});

test('metadata that are damaged are not copied, and a copy of before stays', async () => {
  const { server } = await withVault();
  await using _ = server;
  expect(await server.stop()).toBe(0);
  expect(await backup()).toMatchObject({ code: 0 });
  const good = readFileSync(to);
  const path = join(dataDir, 'metadata.sqlite');
  const bytes = readFileSync(path);
  bytes.fill(0x5a, 8192, bytes.length);
  writeFileSync(path, bytes);
  const { code, stderr } = await backup('--force');
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('the metadata were not copied') });
  expect(readFileSync(to).equals(good)).toBe(true);
  expect(readdirSync(copies)).toEqual(['metadata.sqlite']);
});
