import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { retrieve, VAULT } from './archives.ts';
import { type Corruption, corrupt } from './corruptions.ts';
import { blobTexts, type Extent, extentsBetween } from './extents.ts';
import { bytesOf, Ledger } from './ledger.ts';
import { newDirectory } from './places.ts';
import { byTier, cyclesFrom, SEED, saySeed, seeded, TIER_MS_MAX } from './tiers.ts';
import { client, type DeedName } from './traffic.ts';

/** Files of a stopped server are damaged at random, many at a time. No reader gets a byte that was not sent. */
const CORRUPTIONS = cyclesFrom('MORAINE_TEST_CORRUPTIONS', byTier({ short: 200, whole: 10_000 }));
const AT_ONCE = 25;
const ARCHIVES: [deed: DeedName, count: number][] = [
  ['uploadSmall', 40],
  ['uploadLarge', 30],
  ['uploadInParts', 12],
];
/** Archives that were not hit, and are read with those that were. */
const SOUND_READ = 5;
const READERS = 4;

interface Stored {
  archiveId: string;
  description: string;
  extents: Extent[];
}

test('F-14 F-20 what is damaged on the disk is refused, and nothing else is', { timeout: TIER_MS_MAX }, async () => {
  saySeed('corruption');
  const random = seeded(SEED, 60);
  const dataDir = newDirectory('corruption');
  const blobsDir = join(dataDir, 'blobs');
  const count = { corruptions: 0, refused: 0, unharmed: 0 };
  try {
    const stored = await filled(dataDir, random);
    const pristine = blobTexts(blobsDir);
    while (count.corruptions < CORRUPTIONS) {
      const corruptions = damage({ stored, blobsDir, random });
      count.corruptions += corruptions.length;
      await using server = await startServer({ dataDir });
      const hit = stored.filter((archive) => isHit(archive, corruptions));
      const sound = stored.filter((archive) => !hit.includes(archive));
      for (const [description, read] of await readings(server, hit)) {
        expect({ description, corruptions, read }).not.toEqual({ description, corruptions, read: 'other bytes' });
        count[read === 'the same bytes' ? 'unharmed' : 'refused'] += 1;
      }
      const first = Math.floor(random() * sound.length);
      for (const [description, read] of await readings(server, sound.slice(first, first + SOUND_READ))) {
        expect({ description, corruptions, read }).toEqual({ description, corruptions, read: 'the same bytes' });
      }
      await server.kill();
      for (const path of corruptions.flatMap(({ hit: extents }) => extents.map((extent) => extent.path))) {
        writeFileSync(join(blobsDir, path), pristine.get(path) ?? '');
      }
    }
    const said = `${count.refused} archives refused, ${count.unharmed} read as they were, none wrong`;
    process.stderr.write(`corruption: ${count.corruptions} corruptions, ${said}\n`);
    // Damage outside what a reader needs leaves an archive readable: behind the last record of a segment, say.
    expect(count.refused).toBeGreaterThan(count.unharmed);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});

/** Stores archives one by one, so that it is known where each of them lies. */
async function filled(dataDir: string, random: () => number): Promise<Stored[]> {
  await using server = await startServer({ dataDir });
  await send(server, { method: 'PUT', path: VAULT });
  const ledger = new Ledger();
  const stored: Stored[] = [];
  let before = blobTexts(join(dataDir, 'blobs'));
  for (const [deed, count] of ARCHIVES) {
    for (let index = 0; index < count; index += 1) {
      await client(server, { ledger, random, deeds: [deed], countMax: 1 });
      const after = blobTexts(join(dataDir, 'blobs'), before);
      const [archiveId = '', description = ''] = [...ledger.archives].at(-1) ?? [];
      stored.push({ archiveId, description, extents: extentsBetween(before, after) });
      before = after;
    }
  }
  await server.stop();
  return stored;
}

/** Damages as many files as go into one start of the server, each once. */
function damage(given: { stored: readonly Stored[]; blobsDir: string; random: () => number }): Corruption[] {
  const extents = given.stored.flatMap((archive) => archive.extents);
  const corruptions: Corruption[] = [];
  const spoilt = new Set<string>();
  for (let tries = 0; tries < AT_ONCE; tries += 1) {
    const corruption = corrupt(extents, { ...given, spoilt });
    if (corruption === undefined) continue;
    corruptions.push(corruption);
    for (const { path } of corruption.hit) spoilt.add(path);
  }
  return corruptions;
}

function isHit({ extents }: Stored, corruptions: readonly Corruption[]): boolean {
  const hits = corruptions.flatMap(({ hit }) => hit);
  return extents.some(({ path, start, end }) =>
    hits.some((hit) => hit.path === path && hit.start <= end && start < hit.end),
  );
}

/** What reading an archive comes to, by its description. */
async function readings(
  server: TestServer,
  archives: readonly Stored[],
): Promise<[description: string, read: string][]> {
  const left = [...archives];
  const read: [string, string][] = [];
  const reader = async () => {
    for (let archive = left.pop(); archive !== undefined; archive = left.pop()) {
      const { archiveId, description } = archive;
      const outcome = await retrieve(server, archiveId).then(
        (bytes) => (bytes.equals(bytesOf(description)) ? 'the same bytes' : 'other bytes'),
        () => 'refused',
      );
      read.push([description, outcome]);
    }
  };
  await Promise.all(Array.from({ length: READERS }, reader));
  return read;
}
