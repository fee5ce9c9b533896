import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { absenceOf } from '../support/foreign-programs.ts';
import { MIB } from '../support/hashes.ts';
import { type Caller, withCaller } from '../support/kept-connection.ts';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { JobLedger } from './job-ledger.ts';
import { clients } from './job-load.ts';
import { byTier, TIER_MS_MAX } from './tiers.ts';

/** A disk for the data directory alone, which 64 clients fill with jobs. It takes a mount, so it needs root. */
const ROUNDS = byTier({ short: 2, whole: 20 });
const CLIENTS = 64;
const REFUSALS = 300;
const LEFT_BYTES = 1.5 * MIB;
const NOTE = 'x'.repeat(900);
const FLAGS = ['--retrieval-times', 'inventory=1d', '--audit-log', 'off', '--disk-reserve', '0'];

const directory = mkdtempSync(join(tmpdir(), 'moraine-full-'));
let absence: string | undefined = 'not tried';
beforeAll(async () => {
  absence = await absenceOf('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', directory]);
});
afterAll(() => {
  if (absence === undefined) execFileSync('umount', [directory]);
  rmSync(directory, { recursive: true });
});

const dataDir = join(directory, 'data');
const filler = join(directory, 'filler');
const ledger = new JobLedger('full', {
  inventory: { parameters: { Type: 'inventory-retrieval' }, document: { StatusCode: 'InProgress' } },
});

test('F-10 a full disk takes jobs that were not acknowledged, and no others', {
  timeout: TIER_MS_MAX,
}, async (context) => {
  if (absence !== undefined) context.skip(absence);
  for (let round = 0; round < ROUNDS; round += 1) {
    await using server = await startServer({ dataDir, flags: FLAGS });
    await send(server, { method: 'PUT', path: '/-/vaults/full' });
    await withCaller(server, (call) => ledger.check(call));
    const { bavail: blocks, bsize: blockBytes } = statfsSync(directory);
    writeFileSync(filler, Buffer.alloc(blocks * blockBytes - LEFT_BYTES));
    await startJobs(server, { refusals: REFUSALS });
    await withCaller(server, (call) => ledger.check(call));
    rmSync(filler);
    const before = ledger.jobs.size;
    await startJobs(server, { refusals: 0, jobs: 2 * CLIENTS });
    expect(ledger.jobs.size).toBeGreaterThanOrEqual(before + 2 * CLIENTS);
    await withCaller(server, (call) => ledger.check(call));
    expect(server.child.exitCode).toBeNull();
  }
  await using server = await startServer({ dataDir, flags: FLAGS });
  await withCaller(server, (call) => ledger.check(call));
});

/** Starts jobs until so many were refused, as they must be, or so many jobs were started without a refusal. */
async function startJobs(server: TestServer, { refusals, jobs }: { refusals: number; jobs?: number }): Promise<void> {
  const count = { refused: 0, begun: 0 };
  const deed = async (call: Caller): Promise<boolean> => {
    if (count.refused > refusals || (jobs !== undefined && count.begun >= jobs)) return false;
    count.begun += 1;
    const answer = await ledger.start(call, { shape: 'inventory', note: NOTE });
    expect(answer).toBeDefined();
    if (answer?.status === 202) return true;
    count.refused += 1;
    expect([answer?.status, answer?.json.code]).toEqual([500, 'ServiceUnavailableException']);
    return true;
  };
  await clients(server, { count: CLIENTS, deed });
  if (jobs !== undefined) expect(count.refused).toBe(0);
}
