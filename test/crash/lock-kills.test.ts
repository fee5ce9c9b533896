import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { denial } from '../support/vault-lock.ts';
import { answerOf } from './archives.ts';
import { attach, metadataThread, ONE_POOL_THREAD, poolThread, straceMissing, systemCalls } from './strace.ts';

/**
 * kill -9 before each file call of CompleteVaultLock. The record, the row and the answer are each written by a
 * thread of their own.
 */
const processOf = (server: TestServer): number => server.child.pid ?? 0;
const THREADS = {
  'the thread that writes the record': {
    idOf: (server: TestServer) => poolThread(processOf(server)),
    calls: 'openat,pwrite64,fsync,fdatasync,link,unlink',
    callsMin: 6,
  },
  'the thread that writes the row': {
    idOf: (server: TestServer) => metadataThread(processOf(server)),
    calls: 'pwrite64,fsync,fdatasync',
    callsMin: 2,
  },
  'the thread that writes the answer': {
    idOf: processOf,
    calls: 'write,writev',
    callsMin: 1,
  },
};
/** A start of the server for each call. */
const KILLS_MS_MAX = 300_000;
type Thread = (typeof THREADS)[keyof typeof THREADS];

const started = (dataDir: string): Promise<TestServer> => startServer({ dataDir, env: ONE_POOL_THREAD });
const pathOf = (vault: string) => `/-/vaults/${vault}/lock-policy`;
interface Completion {
  vault: string;
  lockId: string;
}
const complete = (server: TestServer, { vault, lockId }: Completion) =>
  send(server, { method: 'POST', path: `${pathOf(vault)}/${lockId}` });

async function initiated(server: TestServer, vault: string): Promise<string> {
  await send(server, { method: 'PUT', path: `/-/vaults/${vault}` });
  const body = JSON.stringify({ Policy: denial(vault) });
  const answer = await send(server, { method: 'POST', path: pathOf(vault), body });
  expect(answer.status).toBe(201);
  return answer.header('x-amz-lock-id') ?? '';
}

/** The lock is in progress or locked, binds, and is completed by its id; nothing is out of line. */
async function check(server: TestServer, { vault, lockId }: Completion): Promise<void> {
  const { json } = await send(server, { method: 'GET', path: pathOf(vault) });
  expect(['InProgress', 'Locked']).toContain(json.State);
  expect(json.Policy).toBe(denial(vault));
  const removed = await send(server, { method: 'DELETE', path: `/-/vaults/${vault}/archives/x` });
  expect(removed.json.code).toBe('AccessDeniedException');
  expect((await complete(server, { vault, lockId })).status).toBe(204);
  expect((await send(server, { method: 'GET', path: pathOf(vault) })).json.State).toBe('Locked');
  expect((await send(server, { method: 'DELETE', path: pathOf(vault) })).status).toBe(403);
  expect(server.stderr()).not.toMatch(/"level":"(?:warn|error|fatal)"/);
}

describe.runIf(straceMissing === undefined)('kill -9 before each call of', () => {
  test.concurrent.each(Object.entries(THREADS))(
    '%s leaves a lock in progress or locked',
    { timeout: KILLS_MS_MAX },
    async (_, thread) => {
      const dataDir = mkdtempSync(join(tmpdir(), 'moraine-lock-kills-'));
      try {
        const points = await pointsOf(dataDir, thread);
        expect(points.length).toBeGreaterThanOrEqual(thread.callsMin);
        const survived: Point[] = [];
        let before: Completion | undefined;
        for (const [at, point] of points.entries()) {
          await using server = await started(dataDir);
          if (before !== undefined) await check(server, before);
          before = { vault: `v${at}`, lockId: await initiated(server, `v${at}`) };
          if (!(await killed(server, { ...thread, point, completion: before }))) survived.push(point);
        }
        // A call of a sweep may have been counted among those of the good run, and need not come again.
        expect(survived.length).toBeLessThanOrEqual(points.length / 4);
        await using server = await started(dataDir);
        if (before !== undefined) await check(server, before);
      } finally {
        rmSync(dataDir, { recursive: true, force: true });
      }
    },
  );
});

describe.runIf(straceMissing === undefined)('completing a lock', () => {
  test.concurrent('makes the record durable before the row, and the row before the answer', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'moraine-lock-order-'));
    try {
      await using server = await started(dataDir);
      const lockId = await initiated(server, 'v');
      const traced = 'pwrite64,fsync,fdatasync,link,write,writev';
      await using tracing = await attach(processOf(server), ['-f', '-y', '-e', `trace=${traced}`]);
      expect((await complete(server, { vault: 'v', lockId })).status).toBe(204);
      const texts = systemCalls(await tracing.stop()).map((call) => call.text);
      const record = `${dataDir}/blobs/locks/0000000001.json`;
      const order = [
        new RegExp(`^pwrite64\\(\\d+<${record}.unfinished>`),
        new RegExp(`^fsync\\(\\d+<${record}.unfinished>\\) += 0`),
        new RegExp(`^link\\("${record}.unfinished", "${record}"\\) += 0`),
        new RegExp(`^fsync\\(\\d+<${dataDir}/blobs/locks>\\) += 0`),
        new RegExp(`^pwrite64\\(\\d+<${dataDir}/metadata.sqlite-wal>`),
        new RegExp(`^f(?:data)?sync\\(\\d+<${dataDir}/metadata.sqlite-wal>\\) += 0`),
        /^writev?\(\d+<(?:TCP|socket).*HTTP\/1\.1 204 No Content/,
      ].map((pattern) => texts.findIndex((text) => pattern.test(text)));
      expect(order).not.toContain(-1);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});

/** The n-th call of this name on its thread: strace counts each name for itself. */
interface Point {
  name: string;
  nth: number;
}

async function pointsOf(dataDir: string, { idOf, calls }: Thread): Promise<Point[]> {
  await using server = await started(dataDir);
  const lockId = await initiated(server, 'good');
  await using tracing = await attach(idOf(server), ['-e', `trace=${calls}`]);
  expect((await complete(server, { vault: 'good', lockId })).status).toBe(204);
  const names = (await tracing.stop()).flatMap((line) => /^(\w+)\(/.exec(line)?.[1] ?? []);
  return names.map((name, at) => ({ name, nth: names.slice(0, at + 1).filter((other) => other === name).length }));
}

/** Completes a lock and is killed before the given call; false when it was not. */
async function killed(
  server: TestServer,
  { idOf, point, completion }: Thread & { point: Point; completion: Completion },
): Promise<boolean> {
  const ended = once(server.child, 'exit');
  const fault = ['-e', `trace=${point.name}`, '-e', `inject=${point.name}:signal=SIGKILL:when=${point.nth}`];
  await using _tracing = await attach(idOf(server), fault);
  const answer = await answerOf(complete(server, completion));
  if (answer === undefined) expect(await ended).toEqual([null, 'SIGKILL']);
  else expect(answer.status).toBe(204);
  return answer === undefined;
}
