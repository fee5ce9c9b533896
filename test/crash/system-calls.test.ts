import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MIB, noise } from '../support/hashes.ts';
import { runProgram } from '../support/program.ts';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { answerOf, blobsOf, incomingOf, inventory, retrieve, upload, VAULT } from './archives.ts';
import { attach, metadataThread, ONE_POOL_THREAD, poolThread, straceMissing, systemCalls } from './strace.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'moraine-faults-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const body = noise(MIB + 1000);
async function started(flags: string[] = []): Promise<TestServer> {
  const server = await startServer({ dataDir, flags: ['--disk-reserve', '0', ...flags], env: ONE_POOL_THREAD });
  await send(server, { method: 'PUT', path: VAULT });
  return server;
}
const processOf = (server: TestServer): number => server.child.pid ?? 0;
const idsOf = async (server: TestServer): Promise<string[]> => (await inventory(server)).map((item) => item.ArchiveId);

describe.runIf(straceMissing === undefined)('the file calls of an upload', () => {
  test('come in the order that makes an acknowledged archive durable', async () => {
    await using server = await started();
    const traced = 'pwrite64,fsync,fdatasync,rename,write,writev';
    await using tracing = await attach(processOf(server), ['-f', '-y', '-e', `trace=${traced}`]);
    expect((await upload(server, { body, description: 'traced' })).status).toBe(201);
    const calls = systemCalls(await tracing.stop());
    const [blob = ''] = blobsOf(server);
    const [directory = '', blobId = ''] = blob.split('/');
    const places = [
      new RegExp(`^pwrite64\\(\\d+<${dataDir}/blobs/incoming/${blobId}>`),
      new RegExp(`^fsync\\(\\d+<${dataDir}/blobs/incoming/${blobId}>\\) += 0`),
      new RegExp(`^rename\\("${dataDir}/blobs/incoming/${blobId}", "${dataDir}/blobs/${blob}"\\) += 0`),
      new RegExp(`^fsync\\(\\d+<${dataDir}/blobs/${directory}>\\) += 0`),
      new RegExp(`^pwrite64\\(\\d+<${dataDir}/metadata.sqlite-wal>`),
      new RegExp(`^f(?:data)?sync\\(\\d+<${dataDir}/metadata.sqlite-wal>\\) += 0`),
      /^writev?\(\d+<(?:TCP|socket).*HTTP\/1\.1 201 Created/,
    ].map((pattern) => calls.filter((call) => pattern.test(call.text)));
    for (const [index, found] of places.entries()) {
      expect({ index, found: found.length }).not.toEqual({ index, found: 0 });
      const next = places[index + 1] ?? [];
      const lastEnd = Math.max(...found.map((call) => call.endedAt));
      expect(lastEnd).toBeLessThan(Math.min(...next.map((call) => call.beganAt)));
    }
    const syncs = calls.filter((call) => call.text.startsWith('fsync(') && call.text.includes(blobId));
    expect(syncs).toHaveLength(1);
  });
});

describe.runIf(straceMissing === undefined)('opening the blob store', () => {
  const module = JSON.stringify(new URL('../../src/blobs/disk.ts', import.meta.url).href);
  const script = `const { DiskBlobStore } = await import(${module}); await DiskBlobStore.open(process.argv[1]);`;

  test.each(['a new one', 'one whose maker was killed'])('F-09 makes the directories of %s durable', (which) => {
    const root = join(dataDir, 'blobs');
    const trace = join(dataDir, 'trace');
    const node = [process.execPath, '--input-type=module', '--eval', script, root];
    if (which !== 'a new one') execFileSync('strace', ['-f', '-o', trace, ...node]);
    execFileSync('strace', ['-f', '-y', '-e', 'trace=mkdir,fsync', '-o', trace, ...node]);
    const texts = systemCalls(readFileSync(trace, 'utf8').split('\n')).map((call) => call.text);
    const last = (pattern: RegExp) => texts.findLastIndex((text) => pattern.test(text));
    const segments = join(root, 'segments');
    const made = [`${root}`, `${root}/[^/"]+`, `${segments}/[^/"]+`].map((path) =>
      last(new RegExp(`^mkdir\\("${path}",`)),
    );
    const synced = [dataDir, root, segments].map((path) => last(new RegExp(`^fsync\\(\\d+<${path}>\\) += 0`)));
    expect(synced[0]).toBeGreaterThan(made[0] ?? 0);
    expect(synced[1]).toBeGreaterThan(made[1] ?? 0);
    expect(synced[2]).toBeGreaterThan(made[2] ?? 0);
    expect(synced).not.toContain(-1);
  });
});

describe.runIf(straceMissing === undefined)('F-10 F-12 a file call that fails', () => {
  const faults = [
    ['EIO on fsync of the blob', 'fsync:error=EIO:when=1'],
    ['EIO on fsync of its directory', 'fsync:error=EIO:when=2'],
    ['ENOSPC on the first write', 'pwrite64:error=ENOSPC:when=1'],
    ['ENOSPC on a later write', 'pwrite64:error=ENOSPC:when=2'],
    ['EIO on the rename', 'rename:error=EIO:when=1'],
    ['EMFILE on opening the file', 'openat:error=EMFILE:when=1'],
  ] as const;

  test('fails the upload with 500, leaves nothing, and the server goes on', async () => {
    await using server = await started();
    const kept: string[] = [];
    for (const [name, fault] of faults) {
      const { answer, calls } = await underFault(server, fault, () => upload(server, { body, description: name }));
      expect({ name, status: answer?.status }).toEqual({ name, status: 500 });
      expect(answer?.json.code).toBe('ServiceUnavailableException');
      expect(answer?.text).not.toMatch(/EIO|ENOSPC|EMFILE|moraine-faults/);
      expect(incomingOf(server)).toEqual([]);
      expect(blobsOf(server)).toHaveLength(kept.length);
      if (name === 'EIO on fsync of the blob') expectNoSecondTry(calls);
      const after = await upload(server, { body, description: `after ${name}` });
      expect(after.status).toBe(201);
      kept.push(after.header('x-amz-archive-id') ?? '');
    }
    expect(await idsOf(server)).toEqual(kept);
    expect((await retrieve(server, kept.at(-1) ?? '')).equals(body)).toBe(true);
  });

  test('EIO on the fsync of a blob is told by the health and the doctor', async () => {
    await using server = await started();
    const fault = 'fsync:error=EIO:when=1';
    const { answer } = await underFault(server, fault, () => upload(server, { body, description: 'lost' }));
    expect(answer?.status).toBe(500);
    const ready = await fetch(`${server.url}/readyz`);
    expect(await ready.json()).toEqual({ status: 'degraded: disk-errors' });
    const doctor = await runProgram(['doctor', '--data-dir', dataDir]);
    expect(doctor).toMatchObject({ code: 3, stdout: expect.stringContaining('fsync') });
    expect(await idsOf(server)).toEqual([]);
  });

  test('EIO on the flush in the middle of a large body is not followed by another sync of that file', async () => {
    // With the addon such bodies go past the page cache, where there is nothing to flush.
    await using server = await started(['--native', 'off']);
    const large = noise(40 * MIB);
    const { answer, calls } = await underFault(server, 'fdatasync:error=EIO:when=1', () =>
      upload(server, { body: large, description: 'large' }),
    );
    expect(answer?.status).toBe(500);
    expect(calls.filter((call) => call.startsWith('fdatasync('))).toHaveLength(1);
    expect(calls.filter((call) => /^(?:fsync|rename)\(/.test(call))).toEqual([]);
    expect([...incomingOf(server), ...blobsOf(server)]).toEqual([]);
  });

  async function underFault(server: TestServer, fault: string, call: () => ReturnType<typeof upload>) {
    const traced = 'trace=openat,pwrite64,fsync,fdatasync,rename,unlink';
    const args = ['-y', '-e', traced, '-e', `inject=${fault}`];
    await using tracing = await attach(poolThread(processOf(server)), args);
    const answer = await answerOf(call());
    return { answer, calls: await tracing.stop() };
  }

  function expectNoSecondTry(calls: readonly string[]): void {
    expect(calls.filter((call) => /^f(?:data)?sync\(\d+<[^>]*\/incoming\//.test(call))).toHaveLength(1);
    expect(calls.filter((call) => call.startsWith('rename('))).toEqual([]);
    expect(calls.filter((call) => call.startsWith('unlink('))).toHaveLength(1);
  }
});

describe.runIf(straceMissing === undefined)('F-13 EIO on a sync of the database', () => {
  test('ends the process, which has acknowledged nothing; the next one goes on', async () => {
    await using server = await started();
    const first = await upload(server, { body, description: 'before' });
    const ended = once(server.child, 'exit');
    const wal = join(dataDir, 'metadata.sqlite-wal');
    const fault = ['-P', wal, '-e', 'trace=fsync,fdatasync', '-e', 'inject=fsync,fdatasync:error=EIO'];
    await using tracing = await attach(metadataThread(processOf(server)), fault);
    const uploads = await Promise.all(
      [1, 2, 3].map((index) => answerOf(upload(server, { body, description: `during ${index}` }))),
    );
    expect(uploads.filter((answer) => answer !== undefined && answer.status < 500)).toEqual([]);
    expect(await ended).toEqual([1, null]);
    expect(server.stderr()).toContain('"errcode":1034');
    expect((await tracing.stop()).filter((line) => line.includes('sync('))).toHaveLength(1);
    await using next = await started();
    const listed = await inventory(next);
    expect(listed.map((item) => item.ArchiveId)).toContain(first.header('x-amz-archive-id'));
    for (const item of listed) expect((await retrieve(next, item.ArchiveId)).equals(body)).toBe(true);
    expect(incomingOf(next)).toEqual([]);
    expect((await upload(next, { body, description: 'after' })).status).toBe(201);
  });
});

test('F-25 after kill -9 the next server has the directory at once, and a second one beside it never', async () => {
  await using first = await started();
  await expect(startServer({ dataDir })).rejects.toThrow(`is held by process ${first.child.pid} on `);
  await first.kill();
  const startedAtMs = performance.now();
  await using second = await started();
  expect((await upload(second, { body, description: 'second' })).status).toBe(201);
  expect(performance.now() - startedAtMs).toBeLessThan(10_000);
});
