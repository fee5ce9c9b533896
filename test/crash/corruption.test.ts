import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startServer } from '../support/server.ts';
import { copyAlone } from './copies.ts';
import type { Corruption } from './corruptions.ts';
import { blobTexts } from './extents.ts';
import { newDirectory } from './places.ts';
import { damage, filled, isHit, readings, type Stored } from './stored.ts';
import { byTier, cyclesFrom, isWhole, SEED, saySeed, seeded, TIER_MS_MAX } from './tiers.ts';
import { namedByCheck, namedByFixityLog, SCRUBBING, scrubbed } from './verdicts.ts';

/** Files of a stopped server are damaged at random, many at a time. No reader gets a byte that was not sent. */
const CORRUPTIONS = cyclesFrom('MORAINE_TEST_CORRUPTIONS', byTier({ short: 16, whole: 10_000 }));
const AT_ONCE = 25;
/** Of so many rounds one is also looked at by `moraine check` and by the scrub. */
const VERIFIED_OF = byTier({ short: 8, whole: 2 });
/** In such a round there are fewer, for what seems damaged is read three times, seconds apart, one archive after the other. */
const VERIFIED_AT_ONCE = 6;
const SCRUB_MS_MAX = 900_000;
/** Archives that were not hit, and are read with those that were. */
const SOUND_READ = 5;
const UNSCRUBBED = ['--scrub-every', 'off'];

/** What became of the corruptions of a test. */
class Count {
  corruptions = 0;
  rounds = 0;
  refused = 0;
  unharmed = 0;
  named = 0;
  verified = 0;

  toString(): string {
    const verdicts = `${this.verified} looked at by check and scrub, which named ${this.named} archives`;
    const reads = `${this.refused} archives refused, ${this.unharmed} read as they were, none wrong`;
    return `${this.corruptions} corruptions: ${reads}; ${verdicts}`;
  }
}

test('F-14 F-20 what is damaged on the disk is refused, and named, and nothing else is', {
  timeout: TIER_MS_MAX,
}, async () => {
  saySeed('corruption');
  const random = seeded(SEED, 60);
  const dataDir = newDirectory('corruption');
  const blobs = join(dataDir, 'blobs');
  const count = new Count();
  try {
    const stored = await filled({ dataDir }, random);
    const pristine = blobTexts(blobs);
    while (count.corruptions < CORRUPTIONS) {
      const isVerified = count.rounds % VERIFIED_OF === 0;
      const atOnce = isVerified ? VERIFIED_AT_ONCE : AT_ONCE;
      const corruptions = damage({ stored, copies: [blobs], random, count: atOnce });
      const hit = stored.filter((archive) => isHit(archive, corruptions));
      const refused = await refusedOf(dataDir, { corruptions, hit, sound: someSound({ stored, hit, random }) });
      if (isVerified) {
        const named = await namedByCheck({ dataDir });
        expectNamed({ named, refused, hit, corruptions });
        if (isWhole) expect(await namedByScrub(dataDir)).toEqual(named);
        count.verified += corruptions.length;
        count.named += named.size;
      }
      count.rounds += 1;
      count.corruptions += corruptions.length;
      count.refused += refused.length;
      count.unharmed += hit.length - refused.length;
      restore([blobs], { corruptions, pristine });
    }
    process.stderr.write(`corruption: ${count}\n`);
    // Damage outside what a reader needs leaves an archive readable: behind the last record of a segment, say.
    expect(count.refused).toBeGreaterThan(count.unharmed);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});

test('F-14 F-20 what is damaged in one of two copies is read from the other, named, and repaired by the scrub', {
  timeout: TIER_MS_MAX,
}, async () => {
  saySeed('corruption with a mirror');
  const random = seeded(SEED, 61);
  const directory = newDirectory('corruption');
  const [dataDir, mirror] = [join(directory, 'data'), join(directory, 'mirror')];
  const copies = [join(dataDir, 'blobs'), join(mirror, 'blobs')];
  const count = new Count();
  try {
    const stored = await filled({ dataDir, flags: ['--mirror', mirror] }, random);
    const pristine = blobTexts(copies[0] ?? '');
    expect(blobTexts(copies[1] ?? '')).toEqual(pristine);
    while (count.corruptions < CORRUPTIONS) {
      const isVerified = count.rounds % VERIFIED_OF === 0;
      const atOnce = isVerified ? VERIFIED_AT_ONCE : AT_ONCE;
      const corruptions = damage({ stored, copies, random, count: atOnce });
      const hit = stored.filter((archive) => isHit(archive, corruptions));
      const sound = someSound({ stored, hit, random });
      {
        await using server = await startServer({ dataDir, flags: ['--mirror', mirror, ...UNSCRUBBED] });
        await expectReadable(server, { archives: [...hit, ...sound], corruptions });
        await server.kill();
      }
      if (isVerified) {
        const refused: Stored[] = [];
        for (const blobs of copies) refused.push(...(await refusedByCopy({ dataDir, blobs }, { corruptions, hit })));
        const named = await namedByCheck({ dataDir, mirror });
        expectNamed({ named, refused, hit, corruptions });
        await scrubOnce({ dataDir, mirror });
        expect(await namedByCheck({ dataDir, mirror })).toEqual(new Set());
        for (const blobs of copies) {
          const still = await refusedByCopy({ dataDir, blobs }, { corruptions, hit });
          expect({ corruptions, still }).toEqual({ corruptions, still: [] });
        }
        count.verified += corruptions.length;
        count.named += named.size;
        count.refused += refused.length;
      }
      count.rounds += 1;
      count.corruptions += corruptions.length;
      count.unharmed += hit.length;
      restore(copies, { corruptions, pristine });
    }
    process.stderr.write(`corruption with a mirror: ${count}\n`);
    expect(count.named).toBeGreaterThan(0);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

interface Damaged {
  corruptions: readonly Corruption[];
  hit: readonly Stored[];
}

function someSound(given: { stored: readonly Stored[]; hit: readonly Stored[]; random: () => number }): Stored[] {
  const sound = given.stored.filter((archive) => !given.hit.includes(archive));
  const first = Math.floor(given.random() * sound.length);
  return sound.slice(first, first + SOUND_READ);
}

/** Archives that a server without a second copy refuses; whatever it serves is what was sent. */
async function refusedOf(
  dataDir: string,
  { corruptions, hit, sound = [] }: Damaged & { sound?: readonly Stored[] },
): Promise<Stored[]> {
  await using server = await startServer({ dataDir, flags: UNSCRUBBED });
  const read = await readings(server, hit);
  expect({ corruptions, wrong: read.filter(([, outcome]) => outcome === 'other bytes') }).toMatchObject({ wrong: [] });
  await expectReadable(server, { archives: sound, corruptions });
  await server.kill();
  return read.flatMap(([archive, outcome]) => (outcome === 'refused' ? [archive] : []));
}

async function refusedByCopy(copy: { dataDir: string; blobs: string }, damaged: Damaged): Promise<Stored[]> {
  using alone = copyAlone(copy);
  return await refusedOf(alone.dataDir, damaged);
}

async function expectReadable(
  server: Parameters<typeof readings>[0],
  { archives, corruptions }: { archives: readonly Stored[]; corruptions: readonly Corruption[] },
): Promise<void> {
  const wrong = (await readings(server, archives)).filter(([, outcome]) => outcome !== 'the same bytes');
  expect({ corruptions, wrong }).toEqual({ corruptions, wrong: [] });
}

/** All that cannot be read is named, and nothing that was not hit: bytes that only the other copy needs may be damaged too. */
function expectNamed(given: Damaged & { named: ReadonlySet<string>; refused: readonly Stored[] }): void {
  const { named, refused, hit, corruptions } = given;
  const unnamed = refused.filter(({ archiveId }) => !named.has(archiveId));
  const falseAlarms = [...named].filter((id) => !hit.some(({ archiveId }) => archiveId === id));
  expect({ corruptions, unnamed, falseAlarms }).toEqual({ corruptions, unnamed: [], falseAlarms: [] });
}

/** Without another copy. */
async function namedByScrub(dataDir: string): Promise<Set<string>> {
  rmSync(join(dataDir, 'fixity'), { recursive: true, force: true });
  await scrubOnce({ dataDir });
  const events = [await namedByFixityLog(dataDir, 'damaged'), await namedByFixityLog(dataDir, 'missing')];
  return new Set(events.flatMap((ids) => [...ids]));
}

async function scrubOnce({ dataDir, mirror }: { dataDir: string; mirror?: string }): Promise<void> {
  const mirrored = mirror === undefined ? [] : ['--mirror', mirror];
  await using server = await startServer({ dataDir, flags: [...mirrored, ...SCRUBBING] });
  await scrubbed(server, SCRUB_MS_MAX);
  await server.kill();
}

function restore(
  copies: readonly string[],
  { corruptions, pristine }: { corruptions: readonly Corruption[]; pristine: ReadonlyMap<string, Buffer> },
): void {
  const paths = new Set(corruptions.flatMap(({ hit }) => hit.map(({ path }) => path)));
  for (const path of paths) for (const blobs of copies) writeFileSync(join(blobs, path), pristine.get(path) ?? '');
}
