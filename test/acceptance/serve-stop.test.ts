import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { call } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault, storedFiles, until, upload } from '../support/wire.ts';

/**
 * How the program stops while a job runs that takes long. The bytes of its archive are a pipe: who opens it waits until
 * somebody writes, as for a disk that does not answer.
 */
let directory = '';
let dataDir = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-test-'));
  dataDir = join(directory, 'data');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function serverWithRunningJob() {
  const server = await startServer({ dataDir });
  await createVault(server, 'stops');
  const archiveId = await upload(server, Buffer.from('bytes'), 'stops');
  const path = storedFiles(server).find((name) => name.endsWith('.seg')) ?? '';
  renameSync(path, `${directory}/whole`);
  execFileSync('mkfifo', [path]);
  const job = { Type: 'archive-retrieval', ArchiveId: archiveId };
  const started = await call(server, { method: 'POST', target: TARGET, body: JSON.stringify(job) });
  expect(started.status).toBe(202);
  using database = new DatabaseSync(join(dataDir, 'metadata.sqlite'), { readOnly: true });
  await until(() => database.prepare('select 1 from jobs where attempts = 1').get() !== undefined);
  await sleep(100);
  return { server, path, jobId: started.header('x-amz-job-id') ?? '' };
}

const TARGET = '/-/vaults/stops/jobs';
const statusOf = async (server: TestServer, jobId: string): Promise<string> =>
  String((await call(server, { target: `${TARGET}/${jobId}` })).json().StatusCode);

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 1],
] as const)('a second %s ends it although a job runs, which the next start takes up', async (signal, code) => {
  const { server, path, jobId } = await serverWithRunningJob();
  server.child.kill('SIGTERM');
  await sleep(600);
  expect(server.child.exitCode).toBeNull();
  const ended = once(server.child, 'exit');
  server.child.kill(signal);
  expect(await ended).toEqual([code, null]);
  rmSync(path);
  renameSync(`${directory}/whole`, path);
  await using again = await startServer({ dataDir });
  await until(async () => (await statusOf(again, jobId)) === 'Succeeded');
});

test('F-39 the first signal waits for the job that runs, which the next start takes up when it could not end', async () => {
  const { server, path, jobId } = await serverWithRunningJob();
  const stopping = server.stop();
  await sleep(600);
  expect(server.child.exitCode).toBeNull();
  // Lets the job go on, with nothing that can be read.
  writeFileSync(path, '');
  expect(await stopping).toBe(0);
  rmSync(path);
  renameSync(`${directory}/whole`, path);
  await using again = await startServer({ dataDir });
  await until(async () => (await statusOf(again, jobId)) === 'Succeeded');
});
