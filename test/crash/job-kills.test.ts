import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { noise, treeHash } from '../support/hashes.ts';
import { withCaller } from '../support/kept-connection.ts';
import { send, sendUpload } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { outputOf } from './archives.ts';
import { JobLedger, type Shapes } from './job-ledger.ts';
import { clients, startingJobs } from './job-load.ts';
import { ARCHIVES_PATH, SMALL_VAULTS, SmallChanges } from './small-changes.ts';
import { between, byTier, oneOf, SEED, saySeed, seeded, TIER_MS_MAX } from './tiers.ts';

/**
 * 64 clients start jobs while others make small changes, and the server is killed, or asked to stop, at a random moment,
 * again and again on the same data directory. Everything that was ever acknowledged is there after each start.
 */
const ROUNDS = byTier({ short: 6, whole: 125 });
/** Of the rounds, those that end with SIGTERM; all others are kills. */
const isPolite = (round: number): boolean => round % 5 === 3;
const JOB_CLIENTS = 64;
const AFTER_FIRST_MS = { min: 50, max: byTier({ short: 800, whole: 1500 }) };
const STOP_MS_MAX = 20_000;
const FLAGS = ['--retrieval-times', 'expedited=1d,standard=1d,bulk=1d,inventory=1d'];
const VAULT = '/-/vaults/jobs';
const BODY = noise(2000, 'retrieved');

test('what was acknowledged while 64 clients start jobs outlives every kill', { timeout: TIER_MS_MAX }, async () => {
  saySeed('job kills');
  const dataDir = mkdtempSync(join(tmpdir(), 'moraine-job-kills-'));
  const random = seeded(SEED, 3);
  try {
    const shapes = shapesOf(await arranged(dataDir));
    const known = { ledger: new JobLedger('jobs', shapes), small: new SmallChanges() };
    for (let round = 0; round < ROUNDS; round += 1) {
      await using server = await startServer({ dataDir, flags: FLAGS });
      await check(server, known);
      await life(server, { round, random, shapes: Object.keys(shapes), ...known });
    }
    await using server = await startServer({ dataDir });
    await check(server, known);
    const inventory = await outputOf(server, { Type: 'inventory-retrieval' }, ARCHIVES_PATH);
    known.small.checkInventory(JSON.parse(inventory.toString('utf8')).ArchiveList);
    process.stderr.write(`job kills: ${ROUNDS} rounds, ${known.ledger.jobs.size} jobs\n`);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});

interface Known {
  ledger: JobLedger;
  small: SmallChanges;
}

/** Makes the vaults, and the archive that all jobs retrieve; returns its id. */
async function arranged(dataDir: string): Promise<string> {
  await using server = await startServer({ dataDir });
  for (const path of [VAULT, ...SMALL_VAULTS]) await send(server, { method: 'PUT', path });
  const answer = await sendUpload(server, { method: 'POST', path: `${VAULT}/archives`, body: BODY });
  expect(answer.status).toBe(201);
  return answer.header('x-amz-archive-id') ?? '';
}

function shapesOf(archiveId: string): Shapes {
  const hash = treeHash(BODY);
  const running = { Completed: false, CompletionDate: null, StatusCode: 'InProgress', StatusMessage: null };
  const retrieval = (Tier: string) => ({
    parameters: { Type: 'archive-retrieval', ArchiveId: archiveId, Tier },
    document: {
      ...running,
      Action: 'ArchiveRetrieval',
      ArchiveId: archiveId,
      ArchiveSizeInBytes: BODY.length,
      ArchiveSHA256TreeHash: hash,
      SHA256TreeHash: hash,
      RetrievalByteRange: `0-${BODY.length - 1}`,
      Tier,
    },
  });
  return {
    expedited: retrieval('Expedited'),
    standard: retrieval('Standard'),
    bulk: retrieval('Bulk'),
    inventory: {
      parameters: { Type: 'inventory-retrieval', Format: 'CSV' },
      document: { ...running, Action: 'InventoryRetrieval', ArchiveId: null, Tier: null },
    },
  };
}

async function check(server: TestServer, { ledger, small }: Known): Promise<void> {
  await withCaller(server, async (call) => {
    await ledger.check(call);
    await small.check(call);
  });
}

interface Life extends Known {
  round: number;
  random: () => number;
  shapes: string[];
}

/** One life of the server: load until it ends at a random moment after the first acknowledgement. */
async function life(server: TestServer, { ledger, small, round, random, shapes }: Life): Promise<void> {
  const first = Promise.withResolvers<void>();
  const before = ledger.jobs.size;
  const deed = startingJobs(ledger, {
    shapes: () => oneOf(random, shapes),
    note: `of round ${round}`,
    mayRefuse: isPolite(round),
    onAcknowledged: first.resolve,
  });
  const traffic = Promise.all([
    clients(server, { count: JOB_CLIENTS, deed }),
    ...Object.values(small.deeds).map((change) => clients(server, { count: 1, deed: (call) => change(call, random) })),
  ]);
  // Looked at below; a failure ends the wait for the first acknowledgement too.
  traffic.catch(first.reject);
  await first.promise;
  await sleep(between(random, AFTER_FIRST_MS));
  if (isPolite(round)) expect(await Promise.race([server.stop(), sleep(STOP_MS_MAX, 'still there')])).toBe(0);
  else await server.kill();
  await traffic;
  process.stderr.write(`${isPolite(round) ? 'stop' : 'kill'} ${round}: ${ledger.jobs.size - before} jobs\n`);
}
