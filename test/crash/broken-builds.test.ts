import { beforeAll, describe, expect, test } from 'vitest';
import { BREAKS, brokenBuild } from './broken-builds.ts';
import { absenceOfDisks } from './file-systems.ts';
import { Ledger } from './ledger.ts';
import { live } from './lives.ts';
import { startMachine } from './power.ts';
import { SEED, saySeed, seeded, someOf, TIER_MS_MAX } from './tiers.ts';
import type { DeedName } from './traffic.ts';

/**
 * The harness proves itself: programs with one line broken on purpose lose what they acknowledged, and it notices. Were one to
 * survive, the power cuts of the real program would show nothing.
 */
const CYCLES_MAX = 20;
const FILE_SYSTEM = 'ext4';
/** A client alone, so that no sync for another client makes durable what the broken program leaves out. */
const ALONE = 1;
const MANY = 8;

const CASES: Record<keyof typeof BREAKS, { clientsMax: number; deeds: DeedName[] }> = {
  'no fsync of a file': { clientsMax: ALONE, deeds: ['uploadLarge'] },
  'no fsync of a segment': { clientsMax: ALONE, deeds: ['uploadSmall'] },
  'no fsync of a directory': { clientsMax: ALONE, deeds: ['uploadLarge'] },
  'synchronous=NORMAL': { clientsMax: ALONE, deeds: ['uploadSmall'] },
  'an answer before the bytes are on disk': { clientsMax: MANY, deeds: ['uploadLarge'] },
  'an answer before the row is': { clientsMax: MANY, deeds: ['uploadSmall'] },
};

let absence: string | undefined = 'not tried';
beforeAll(async () => {
  absence = await absenceOfDisks(FILE_SYSTEM);
});

describe('a program with', () => {
  test.for(someOf(Object.entries(CASES), 1))(
    '%s is caught by a power cut',
    { timeout: TIER_MS_MAX },
    async ([name, load], context) => {
      if (absence !== undefined) context.skip(absence);
      saySeed(`broken builds, ${name}`);
      using build = brokenBuild(BREAKS[name as keyof typeof BREAKS]);
      const random = seeded(SEED, 40);
      await using machine = await startMachine({ fileSystem: FILE_SYSTEM, program: build.program });
      const ledger = new Ledger();
      let found: Error | undefined;
      // A slow machine has caught nobody.
      const recoveryMsMax = Number.POSITIVE_INFINITY;
      let cycle = 0;
      for (; found === undefined && cycle < CYCLES_MAX; cycle += 1) {
        const start = () => machine.start();
        found = await live({
          ledger,
          random,
          start,
          die: (server) => machine.cut(server),
          recoveryMsMax,
          ...load,
        }).then(
          () => undefined,
          (error: Error) => error,
        );
      }
      process.stderr.write(`${name}: caught in cycle ${cycle}: ${found?.message.split('\n')[0]}\n`);
      // By what it has lost, or because it cannot start without that; it could before the first cut.
      expect(cycle).toBeGreaterThan(1);
      expect(found?.message).toMatch(/^expected|did not get ready/);
    },
  );
});
