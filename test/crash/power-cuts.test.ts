import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, test } from 'vitest';
import { startServer } from '../support/server.ts';
import { checkAcknowledged, checkToTheEnd, summaryOf } from './acknowledged.ts';
import { copyAlone } from './copies.ts';
import { absenceOfDisks, type FileSystem } from './file-systems.ts';
import { Ledger } from './ledger.ts';
import { live } from './lives.ts';
import { BLOBS, type Machine, type MachineOptions, MIRROR, startMachine } from './power.ts';
import { between, byTier, cyclesFrom, SEED, saySeed, seeded, TIER_MS_MAX } from './tiers.ts';

/**
 * Several clients upload, complete, delete and start jobs when the power goes, again and again, also while the server starts.
 * It takes mounts, so it needs root.
 */
const CYCLES = cyclesFrom('MORAINE_TEST_POWER_CUTS', byTier({ short: 4, whole: 1000 }));
const MACHINES: { what: string; fileSystem: FileSystem; hasMirror: boolean }[] = [
  { what: 'ext4', fileSystem: 'ext4', hasMirror: false },
  { what: 'xfs', fileSystem: 'xfs', hasMirror: false },
  { what: 'ext4 and a mirror', fileSystem: 'ext4', hasMirror: true },
];
/** New disks after so many: directories are made anew, and looking at all of it does not take longer and longer. */
const CYCLES_PER_MACHINE = byTier({ short: 2, whole: 25 });
/** Of so many starts one loses power before it is ready. */
const EARLY_OF = 10;
const EARLY_MS = { min: 20, max: 900 };

describe.concurrent.each(MACHINES)('power cuts of disks with $what', (options) => {
  const { what, fileSystem } = options;
  let absence: string | undefined = 'not tried';
  beforeAll(async () => {
    absence = await absenceOfDisks(fileSystem);
  });

  test('F-08 F-09 lose nothing that was acknowledged', { timeout: TIER_MS_MAX }, async (context) => {
    if (absence !== undefined) context.skip(absence);
    saySeed(`power cuts, ${what}`);
    const random = seeded(SEED, MACHINES.indexOf(options) + 20);
    const all = Math.ceil(CYCLES / MACHINES.length);
    for (let done = 0; done < all; done += CYCLES_PER_MACHINE) {
      const cycles = Math.min(CYCLES_PER_MACHINE, all - done);
      const ledger = await oneMachine(options, { cycles, random });
      process.stderr.write(`power cuts, ${what}: ${done + cycles}, of the last ${cycles}: ${summaryOf(ledger)}\n`);
    }
  });
});

async function oneMachine(
  options: MachineOptions,
  { cycles, random }: { cycles: number; random: () => number },
): Promise<Ledger> {
  await using machine = await startMachine(options);
  const ledger = new Ledger();
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    if (cycle > 0 && random() < 1 / EARLY_OF) await cutEarly(machine, random);
    await live({ ledger, random, start: () => machine.start(), die: (server) => machine.cut(server) });
  }
  {
    await using server = await machine.start();
    await checkAcknowledged(server, ledger);
    await checkToTheEnd(server, ledger);
    await server.stop();
  }
  if (options.hasMirror) for (const blobs of [BLOBS, `${MIRROR}/blobs`]) await checkCopy(machine, { blobs, ledger });
  return ledger;
}

/** Every archive is in each of the copies, whatever is in the other one. */
async function checkCopy(
  { dataDir, disks }: Machine,
  { blobs, ledger }: { blobs: string; ledger: Ledger },
): Promise<void> {
  using alone = copyAlone({ dataDir, blobs: disks.pathOf(blobs) });
  await using server = await startServer({ dataDir: alone.dataDir, flags: ['--disk-reserve', '0'] });
  await checkToTheEnd(server, ledger);
  await server.stop();
}

/** The power goes while the server starts, most of the time. */
async function cutEarly(machine: Machine, random: () => number): Promise<void> {
  const over = Promise.withResolvers<void>();
  const starting = machine.start({
    onSpawned: (child) => {
      sleep(between(random, EARLY_MS))
        .then(() => machine.cut({ child }))
        .then(over.resolve, over.reject);
    },
  });
  starting.catch(() => undefined);
  await over.promise;
  await starting.catch(() => undefined);
}
