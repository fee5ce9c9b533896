import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateVaultCommand, DeleteArchiveCommand } from '@aws-sdk/client-glacier';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { glacierClient, outputOf, runJob, uploadArchive } from '../support/clients.ts';
import { runProgram } from '../support/program.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** `moraine check` and the scrub, on the files of a real server. */
const vaultName = 'kept';
const MIB = 1024 * 1024;

let dataDir = '';
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-check-'));
  dataDir = join(directory, 'data');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

interface Finding {
  kind: string;
  account: string;
  vault: string;
  archiveId: string;
  state: string;
  what: string;
}

const check = (...args: string[]) => runProgram(['check', '--data-dir', dataDir, ...args]);
const checkJson = async (...args: string[]) => {
  const { code, stdout, stderr } = await check('--json', ...args);
  expect(stderr).toBe('');
  return { code, ...(JSON.parse(stdout) as { findings: Finding[]; summary: { read: { archives: number } | null } }) };
};

async function started(flags: string[] = []): Promise<TestServer> {
  // So that the tests find what they damage.
  const server = await startServer({ dataDir, flags: ['--encryption', 'none', ...flags] });
  await glacierClient(server).send(new CreateVaultCommand({ accountId: '-', vaultName }));
  return server;
}

/** Each archive holds text that no other has, so that its bytes can be found in whatever file they are. */
async function upload(server: TestServer, count: number): Promise<{ id: string; mark: string }[]> {
  const archives = [];
  for (let number = 0; number < count; number += 1) {
    const mark = `<archive ${number} of the test>`;
    const body = Buffer.alloc(3 * MIB, `${number}`);
    body.write(mark, 2 * MIB);
    archives.push({ mark, id: await uploadArchive(glacierClient(server), { vaultName, body }) });
  }
  return archives;
}

function fileWith(mark: string): string {
  const blobs = join(dataDir, 'blobs');
  for (const name of readdirSync(blobs, { recursive: true, withFileTypes: true })) {
    const path = join(name.parentPath, name.name);
    if (name.isFile() && readFileSync(path).includes(mark)) return path;
  }
  throw new Error('no file has these bytes');
}

function damage(mark: string): void {
  const path = fileWith(mark);
  const bytes = readFileSync(path);
  const at = bytes.indexOf(mark);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

describe('a sound store', () => {
  test('is found sound beside a server that takes uploads and deletions, and after it was killed', async () => {
    await using server = await started();
    const client = glacierClient(server);
    let isOver = false;
    const busy = [1, 2, 3].map(async () => {
      for (let round = 0; !isOver; round += 1) {
        const archiveId = await uploadArchive(client, { vaultName, body: Buffer.alloc(1000 + round, 'x') });
        if (round % 3 > 0) await client.send(new DeleteArchiveCommand({ accountId: '-', vaultName, archiveId }));
      }
    });
    for (const args of [[], ['--read-data'], ['--read-data', '--subset', '50%']]) {
      expect(await checkJson(...args)).toMatchObject({ code: 0, findings: [] });
    }
    isOver = true;
    await Promise.all(busy);
    await server.kill();
    expect(await check('--read-data')).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('nothing is wrong'),
    });
  });

  test('is covered once by the parts of a subset, and in part by a size, and by nothing when there is no time', async () => {
    await using server = await started();
    await upload(server, 6);
    await server.stop();
    let read = 0;
    for (const part of ['1/3', '2/3', '3/3']) {
      const { summary } = await checkJson('--read-data', '--subset', part);
      read += summary.read?.archives ?? 0;
    }
    expect(read).toBe(6);
    expect((await checkJson('--read-data', '--subset', '4M')).summary).toMatchObject({
      archives: 6,
      read: { archives: 2 },
    });
    const hurried = await checkJson('--read-data', '--max-duration', '1ms');
    expect(hurried).toMatchObject({ code: 0, summary: { read: { wholeSubset: false } } });
  });

  test('with a file of somebody else in it is sound, and the file is named', async () => {
    await using server = await started();
    await uploadArchive(glacierClient(server), { vaultName, body: Buffer.from('small') });
    await server.stop();
    expect(await check()).toMatchObject({ code: 0, stdout: expect.not.stringContaining('unknown file') });
    writeFileSync(join(dataDir, 'blobs', 'notes.txt'), 'mine');
    const { code, stdout } = await check();
    expect([code, stdout]).toEqual([0, expect.stringContaining('unknown file: blobs/notes.txt')]);
  });

  test('without its key is sound as far as that can be seen, and its bytes cannot be read', async () => {
    await using server = await started(['--encryption', 'aes-256-gcm']);
    await upload(server, 1);
    await server.stop();
    unlinkSync(join(dataDir, 'encryption.key'));
    expect(await check()).toMatchObject({ code: 0, stderr: '' });
    const { code, stderr } = await check('--read-data');
    expect([code, stderr]).toEqual([2, expect.stringContaining('moraine: archives are encrypted under the key ')]);
  });
});

describe('F-20 damage', () => {
  test('is found by reading, named, put on record by the server, and refused to readers', async () => {
    await using server = await started(['--scrub-every', 'off']);
    const archives = await upload(server, 4);
    const [, hit] = archives;
    damage(hit?.mark ?? '');
    expect(await check()).toMatchObject({ code: 0 });
    const { code, findings, summary } = await checkJson('--read-data');
    expect(code).toBe(3);
    expect(findings).toEqual([
      {
        kind: 'archive',
        account: '111122223333',
        vault: vaultName,
        archiveId: hit?.id,
        state: 'damaged',
        what: expect.stringContaining('bytes 0-3145727: '),
      },
    ]);
    expect(summary).toMatchObject({ archives: 4, findings: 1, read: { archives: 4, noted: 4 } });
    const shown = await runProgram(['fixity', 'damaged', '--data-dir', dataDir, '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ archives: [{ archiveId: hit?.id, by: 'check' }], more: false });
    const events = await runProgram(['fixity', 'events', '--data-dir', dataDir, '--archive', hit?.id ?? '', '--json']);
    expect(JSON.parse(events.stdout)).toMatchObject({ archiveId: hit?.id, by: 'check', result: 'damaged' });
    const client = glacierClient(server);
    const jobId = await runJob(client, vaultName, { Type: 'archive-retrieval', ArchiveId: hit?.id });
    await expect(outputOf(client, { vaultName, jobId })).rejects.toThrow();
    expect(server.stderr()).toContain('stored bytes are damaged');
  });

  test('of the files themselves is found without reading, and nothing is forgotten', async () => {
    await using server = await started();
    const [cut, gone, , whole] = await upload(server, 4);
    await server.stop();
    truncateSync(fileWith(cut?.mark ?? ''), 2.5 * MIB);
    unlinkSync(fileWith(gone?.mark ?? ''));
    const { code, stdout } = await check();
    expect(code).toBe(3);
    const lines = stdout.split('\n');
    expect(lines.find((line) => line.includes(cut?.id ?? ''))).toMatch(/^damaged {2}archive {2}111122223333\/kept\//);
    expect(lines.find((line) => line.includes(gone?.id ?? ''))).toMatch(/^missing {2}archive {2}/);
    expect(stdout).not.toContain(whole?.id);
    expect(stdout).toContain('4 archives were looked at');
  });

  test('is found by the scrub, which says so in the log and the fixity log', async () => {
    const server = await started(['--scrub-every', '1s']);
    await using _ = server;
    const archives = await upload(server, 3);
    const [, hit] = archives;
    damage(hit?.mark ?? '');
    for (let tries = 0; tries < 300 && !server.stderr().includes('stored bytes are damaged'); tries += 1)
      await sleep(100);
    expect(server.stderr()).toContain('stored bytes are damaged');
    const { stdout } = await runProgram(['fixity', 'events', '--data-dir', dataDir, '--result', 'damaged', '--json']);
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({
      archiveId: hit?.id,
      by: 'scrub',
      vault: vaultName,
    });
    const status = await runProgram(['fixity', 'status', '--data-dir', dataDir, '--json']);
    expect(JSON.parse(status.stdout)).toMatchObject({ scrubEveryMs: 1000 });
  });

  test.each([
    ['the counters of a vault', `update vaults set archive_count = 7`, 'it counts 7 archives'],
    ['a blob of an archive', 'delete from archive_blobs', 'are in no blob, by the metadata'],
    ['the tree hash of an archive', `update archives set tree_hash = '00'`, 'its tree hash is not that of its blobs'],
  ])('of the metadata is found: %s', async (_, sql, what) => {
    await using server = await started();
    await upload(server, 1);
    await server.stop();
    const { DatabaseSync } = await import('node:sqlite');
    {
      using database = new DatabaseSync(join(dataDir, 'metadata.sqlite'));
      database.exec(sql);
    }
    const { code, findings } = await checkJson();
    expect([code, findings[0]?.what]).toEqual([3, expect.stringContaining(what)]);
  });

  test('of the database file is found, not stumbled over', async () => {
    await using server = await started();
    await upload(server, 1);
    await server.stop();
    writeFileSync(join(dataDir, 'metadata.sqlite'), 'no database at all '.repeat(1000));
    expect(await check()).toMatchObject({ code: 3, stdout: expect.stringContaining('the metadata cannot be read') });
  });
});

test.each([
  [['--subset', '3/12'], 'about --read-data'],
  [['--read-data', '--subset', '13/12'], 'like 5%, 3/12 or 50G'],
  [['--read-data', '--max-duration', 'long'], 'like 90s, 30m or 8h'],
  [[], 'there is no data directory'],
])('%j cannot be run, and says why', async (args, why) => {
  expect(await check(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(why) });
});
