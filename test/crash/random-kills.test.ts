import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { treeHash } from '../support/hashes.ts';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { ended, incomingOf, inventory, retrieve, VAULT } from './archives.ts';
import { SEED, saySeed, seeded } from './tiers.ts';
import { bytesOf, client, Ledger } from './traffic.ts';

/**
 * Several clients upload, delete and start jobs while the server is killed at random moments. Whatever it acknowledged must
 * be there after the next start, what it acknowledged as deleted must not, and what it did not answer may be either.
 */
const LANES = [1, 2];
const TOTAL_MS = 30_000;
const CYCLES_MIN = 5;
const LIFE_MS = { min: 20, max: 500 };
const CLIENTS = 4;
const QUIET_MS_MAX = 10_000;
const READ_AT_THE_END_MAX = 60;
saySeed('random kills');

test.concurrent.each(LANES)('kill -9 under load loses nothing and brings nothing back (lane %d)', async (lane) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'moraine-random-'));
  const random = seeded(SEED, lane);
  const ledger = new Ledger();
  try {
    const overAtMs = Date.now() + TOTAL_MS;
    let cycles = 0;
    for (; Date.now() < overAtMs; cycles += 1) await cycle(dataDir, { ledger, random });
    expect(cycles).toBeGreaterThanOrEqual(CYCLES_MIN);
    await using server = await startServer({ dataDir });
    await check(server, ledger);
    await checkJobs(server, ledger);
    await checkBytes(server);
    process.stderr.write(`lane ${lane}: ${cycles} kills, ${summary(ledger)}\n`);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});

async function cycle(dataDir: string, { ledger, random }: { ledger: Ledger; random: () => number }): Promise<void> {
  await using server = await startServer({ dataDir });
  await send(server, { method: 'PUT', path: VAULT });
  await check(server, ledger);
  let isKilled = false;
  const clients = Array.from({ length: CLIENTS }, () => client(server, { ledger, random, isOver: () => isKilled }));
  const finished = Promise.all(clients);
  // Looked at below, when the server is gone.
  finished.catch(() => undefined);
  await sleep(LIFE_MS.min + random() * (LIFE_MS.max - LIFE_MS.min));
  await server.kill();
  isKilled = true;
  await finished;
}

async function check(server: TestServer, ledger: Ledger): Promise<void> {
  // Jobs that were cut off go on at once, and write their outputs.
  await vi.waitFor(() => expect(incomingOf(server)).toEqual([]), { timeout: QUIET_MS_MAX });
  const listed = await inventory(server);
  const ids = new Set(listed.map((item) => item.ArchiveId));
  expect(ids.size).toBe(listed.length);
  const kept = [...ledger.stored.keys()].filter((id) => !ledger.deleting.has(id));
  expect(kept.filter((id) => !ids.has(id))).toEqual([]);
  expect([...ledger.deleted].filter((id) => ids.has(id))).toEqual([]);
  const phantoms = listed.filter(
    (item) => !ledger.stored.has(item.ArchiveId) && !ledger.unanswered.has(item.ArchiveDescription),
  );
  expect(phantoms).toEqual([]);
  const descriptions = listed.map((item) => item.ArchiveDescription);
  expect(new Set(descriptions).size).toBe(descriptions.length);
  await checkEnds(server, ledger);
}

/** A job that was seen to end stays as it was. */
async function checkEnds(server: TestServer, ledger: Ledger): Promise<void> {
  for (let marker = ''; ; ) {
    const query: Record<string, string> = { completed: 'true', marker };
    const { json } = await send(server, { method: 'GET', path: `${VAULT}/jobs`, query });
    for (const job of json.JobList) {
      const end = JSON.stringify([job.StatusCode, job.CompletionDate, job.InventorySizeInBytes]);
      expect([job.JobId, ledger.ends.get(job.JobId) ?? end]).toEqual([job.JobId, end]);
      ledger.ends.set(job.JobId, end);
    }
    if (json.Marker === null) return;
    marker = json.Marker;
  }
}

/** Every acknowledged job is there, ends, and ends well. */
async function checkJobs(server: TestServer, ledger: Ledger): Promise<void> {
  for (const jobId of ledger.jobs) {
    const job = await ended(server, jobId);
    expect([jobId, job.StatusCode]).toEqual([jobId, 'Succeeded']);
  }
  await checkEnds(server, ledger);
  expect([...ledger.jobs].filter((jobId) => !ledger.ends.has(jobId))).toEqual([]);
}

/** Everything listed is what was sent: by its hash, and the last ones by their bytes too. */
async function checkBytes(server: TestServer): Promise<void> {
  const listed = await inventory(server);
  for (const [index, item] of listed.entries()) {
    const bytes = bytesOf(item.ArchiveDescription);
    expect([item.Size, item.SHA256TreeHash]).toEqual([bytes.length, treeHash(bytes)]);
    if (listed.length - index > READ_AT_THE_END_MAX) continue;
    expect((await retrieve(server, item.ArchiveId)).equals(bytes)).toBe(true);
  }
}

function summary({ stored, deleted, unanswered, jobs }: Ledger): string {
  const counts = { stored: stored.size, deleted: deleted.size, unanswered: unanswered.size, jobs: jobs.size };
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}
