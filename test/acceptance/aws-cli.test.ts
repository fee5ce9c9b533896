import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { arnOf, ended, glacierClient, startJob } from '../support/clients.ts';
import { absenceOf, runAgainst } from '../support/foreign-programs.ts';
import { MIB, noise, treeHash } from '../support/hashes.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** The main job with the AWS CLI, across a kill of the server. */
const JOBS = 124;
const PART = 4 * MIB;
const vaultName = 'aws-cli';
const whole = noise(5 * MIB, 'whole');
const parted = noise(7 * MIB, 'parted');

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-aws-cli-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const fileOf = (name: string): string => join(directory, name);

/** Runs `aws glacier`, in our vault; what it prints is JSON or nothing. */
async function aws(server: TestServer, command: string, ...args: string[]) {
  const fixed = ['glacier', command, '--account-id', '-', '--vault-name', vaultName];
  const printed = await runAgainst(server, 'aws', [
    ...fixed,
    ...args,
    '--endpoint-url',
    server.url,
    '--output',
    'json',
  ]);
  return printed === '' ? undefined : JSON.parse(printed);
}

function written(name: string, bytes: Uint8Array): string {
  writeFileSync(fileOf(name), bytes);
  return fileOf(name);
}

async function upload(server: TestServer): Promise<{ wholeId: string; partedId: string }> {
  expect((await aws(server, 'create-vault')).location).toMatch(/\/vaults\/aws-cli$/);
  const uploaded = await aws(
    server,
    'upload-archive',
    '--archive-description',
    'whole',
    '--body',
    written('whole', whole),
  );
  expect(uploaded.checksum).toBe(treeHash(whole));
  const { uploadId } = await aws(server, 'initiate-multipart-upload', '--part-size', String(PART));
  const parts = [parted.subarray(0, PART), parted.subarray(PART)];
  for (const [index, body] of parts.entries()) {
    const range = `bytes ${index * PART}-${index * PART + body.length - 1}/*`;
    const file = written(`part-${index}`, body);
    const part = await aws(server, 'upload-multipart-part', '--upload-id', uploadId, '--range', range, '--body', file);
    expect(part.checksum).toBe(treeHash(body));
  }
  const claim = ['--archive-size', String(parted.length), '--checksum', treeHash(parted)];
  const completed = await aws(server, 'complete-multipart-upload', '--upload-id', uploadId, ...claim);
  return { wholeId: uploaded.archiveId, partedId: completed.archiveId };
}

/** 124 jobs, oldest first: whole, ranged and both inventories with the CLI, the many others faster. */
async function startJobs(server: TestServer, ids: { wholeId: string; partedId: string }): Promise<string[]> {
  const jobs: string[] = [];
  for (const parameters of [
    { Type: 'archive-retrieval', ArchiveId: ids.wholeId },
    { Type: 'archive-retrieval', ArchiveId: ids.partedId, RetrievalByteRange: `${PART}-${parted.length - 1}` },
    { Type: 'inventory-retrieval', Format: 'JSON' },
    { Type: 'inventory-retrieval', Format: 'CSV' },
  ]) {
    jobs.push((await aws(server, 'initiate-job', '--job-parameters', JSON.stringify(parameters))).jobId);
  }
  const client = glacierClient(server);
  while (jobs.length < JOBS) jobs.push(await startJob(client, vaultName, { Type: 'inventory-retrieval' }));
  for (const jobId of jobs) expect((await ended(client, vaultName, jobId)).StatusCode).toBe('Succeeded');
  return jobs;
}

async function output(server: TestServer, jobId: string, ...args: string[]) {
  const file = fileOf('output');
  const headers = await aws(server, 'get-job-output', '--job-id', jobId, ...args, file);
  return { headers, bytes: readFileSync(file) };
}

async function checkArchives(server: TestServer, [wholeJob = '', rangedJob = '']: string[]): Promise<void> {
  const all = await output(server, wholeJob);
  expect(all.headers).toMatchObject({ status: 200, checksum: treeHash(whole), archiveDescription: 'whole' });
  expect(all.bytes.equals(whole)).toBe(true);
  const piece = await output(server, rangedJob, '--range', `bytes=0-${MIB - 1}`);
  expect(piece.headers).toMatchObject({ status: 206, contentRange: `bytes 0-${MIB - 1}/${3 * MIB}` });
  expect(piece.headers.checksum).toBe(treeHash(parted.subarray(PART, PART + MIB)));
  expect(piece.bytes.equals(parted.subarray(PART, PART + MIB))).toBe(true);
}

async function checkList(server: TestServer, jobs: string[]): Promise<void> {
  // The CLI follows the markers by itself, page for page.
  const { JobList } = await aws(server, 'list-jobs', '--page-size', '30');
  const listed: { JobId: string; CreationDate: string }[] = JobList;
  expect(listed.map((job) => job.JobId).sort()).toEqual([...jobs].sort());
  const madeAt = new Map(listed.map((job) => [job.JobId, job.CreationDate]));
  const newestFirst = [...jobs].reverse().map((jobId) => madeAt.get(jobId));
  expect(listed.map((job) => job.CreationDate)).toEqual(newestFirst);
}

test('the AWS CLI stores, lists and retrieves, and all is still there after kill -9', async (ctx) => {
  const absence = await absenceOf('aws', ['--version']);
  if (absence !== undefined) ctx.skip(absence);
  const dataDir = fileOf('data');

  await using first = await startServer({ dataDir });
  const ids = await upload(first);
  const jobs = await startJobs(first, ids);
  await checkArchives(first, jobs);
  const json = await output(first, jobs[2] ?? '');
  const inventory = JSON.parse(json.bytes.toString());
  expect(inventory.VaultARN).toBe(arnOf(vaultName));
  expect(inventory.ArchiveList.map((entry: { ArchiveId: string }) => entry.ArchiveId)).toEqual([
    ids.wholeId,
    ids.partedId,
  ]);
  const csv = await output(first, jobs[3] ?? '');
  expect(csv.headers.contentType).toBe('text/csv');
  expect(csv.bytes.toString().match(/\n/g)).toHaveLength(3);
  await checkList(first, jobs);
  await first.kill();

  await using second = await startServer({ dataDir });
  await checkArchives(second, jobs);
  await checkList(second, jobs);
  const vault = await aws(second, 'describe-vault');
  expect(vault).toMatchObject({ VaultName: vaultName, NumberOfArchives: 2 });
});
