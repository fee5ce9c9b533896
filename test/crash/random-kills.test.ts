import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';
import { startServer } from '../support/server.ts';
import { checkAcknowledged, checkToTheEnd, summaryOf } from './acknowledged.ts';
import { Ledger } from './ledger.ts';
import { live } from './lives.ts';
import { newDirectory } from './places.ts';
import { between, byTier, cyclesFrom, SEED, saySeed, seeded, TIER_MS_MAX } from './tiers.ts';

/**
 * Several clients upload, delete and start jobs while the server is killed at random moments. Whatever it acknowledged must
 * be there after the next start, what it acknowledged as deleted must not, and what it did not answer may be either.
 */
const LANES = [1, 2];
const CYCLES = cyclesFrom('MORAINE_TEST_KILLS', byTier({ short: 4, whole: 2000 }));
/** Each data directory is used for so many, so that looking at all of it does not take longer and longer. */
const CYCLES_PER_DIRECTORY = 25;
/** Of so many starts one is killed before it is ready. */
const EARLY_OF = 10;
const EARLY_MS = { min: 20, max: 900 };

test.concurrent.each(LANES)(
  'F-01 F-03 F-05 F-07 kill -9 under load loses nothing and brings nothing back (lane %d)',
  { timeout: TIER_MS_MAX },
  async (lane) => {
    saySeed(`random kills, lane ${lane}`);
    const random = seeded(SEED, lane);
    let done = 0;
    while (done < CYCLES / LANES.length) {
      const cycles = Math.min(CYCLES_PER_DIRECTORY, Math.ceil(CYCLES / LANES.length) - done);
      const ledger = await directory(cycles, random);
      done += cycles;
      process.stderr.write(`random kills, lane ${lane}: ${done} kills, of the last ${cycles}: ${summaryOf(ledger)}\n`);
    }
  },
);

/** Kills so many servers of one directory, then looks at all of it. */
async function directory(cycles: number, random: () => number): Promise<Ledger> {
  const dataDir = newDirectory('random');
  const ledger = new Ledger();
  try {
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      if (cycle > 0 && random() < 1 / EARLY_OF) await killedEarly(dataDir, random);
      await live({ ledger, random, start: () => startServer({ dataDir }), die: (server) => server.kill() });
    }
    await using server = await startServer({ dataDir });
    await checkAcknowledged(server, ledger);
    await checkToTheEnd(server, ledger);
    return ledger;
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function killedEarly(dataDir: string, random: () => number): Promise<void> {
  const kill = (pid: number) => sleep(between(random, EARLY_MS)).then(() => process.kill(pid, 'SIGKILL'));
  const starting = startServer({ dataDir, onSpawned: ({ pid = 0 }) => void kill(pid).catch(() => undefined) });
  await starting.then((server) => server.kill()).catch(() => undefined);
}
