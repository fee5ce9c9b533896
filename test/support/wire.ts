import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Answer, ask, askUpload, call } from './raw.ts';
import type { TestServer } from './server.ts';

/** What the wire tests need to know of the API and of what the server keeps. */
export const REQUEST_ID = /^[A-Za-z0-9_-]{47}$/;

export async function createVault(server: TestServer, name: string): Promise<void> {
  expect((await call(server, { method: 'PUT', target: `/-/vaults/${name}` })).status).toBe(201);
}

/** Uploads an archive and returns its id. */
export async function upload(server: TestServer, body: Buffer, vault = 'wire'): Promise<string> {
  const answer = await call(server, askUpload(server, body, { vault }));
  expect(answer.status).toBe(201);
  return answer.header('x-amz-archive-id') ?? '';
}

export async function archiveCount(server: TestServer, vault: string): Promise<number> {
  const answer = await call(server, ask(server, { target: `/-/vaults/${vault}` }));
  return Number(answer.json().NumberOfArchives);
}

/** Starts a job and waits for its end; returns the target of its output. */
export async function retrieve(server: TestServer, job: object, vault = 'wire'): Promise<string> {
  const target = `/-/vaults/${vault}/jobs`;
  const started = await call(server, { method: 'POST', target, body: JSON.stringify(job) });
  expect(started.status).toBe(202);
  const described = `${target}/${started.header('x-amz-job-id')}`;
  await until(async () => (await call(server, { target: described })).json().StatusCode !== 'InProgress');
  return `${described}/output`;
}

/** What stands beside the bytes under the store of blobs. */
const RECORDS = /\/blobs\/(?:vaults|locks)\/|\.json$/;

/** Paths of all files under the store of blobs that hold bytes of archives. */
export function storedFiles(server: TestServer): string[] {
  const root = join(server.dataDir, 'blobs');
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  return paths.filter((path) => !RECORDS.test(path));
}

/** Waits for what takes a moment, at most 10 s. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 400; round += 1) {
    if (await holds()) return;
    await sleep(25);
  }
  throw new Error(`it did not come true: ${holds}`);
}

/** The error an answer carries, its members checked for their order. */
export function errorOf(answer: Answer): { status: number; code: string; message: string } {
  const { code = '', message = '', type, ...more } = answer.json();
  expect(more).toEqual({});
  const [text, edge] = [JSON.stringify({ code, message, type }), JSON.stringify({ message, code, type })];
  expect([text, edge]).toContain(answer.body.toString());
  expect(answer.header('content-type')).toBe('application/json');
  expect(answer.header('x-amzn-requestid')).toMatch(REQUEST_ID);
  return { status: answer.status, code, message };
}

/** Lines of the log, and warnings of Node, that an operator would look into. */
export const troubleIn = (server: TestServer): string[] =>
  server
    .stderr()
    .split('\n')
    .filter((line) => /"level":"(?:warn|error|fatal)"|warning/i.test(line));
