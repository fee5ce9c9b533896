import { join } from 'node:path';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { retrieve, VAULT } from './archives.ts';
import { type Corruption, corrupt } from './corruptions.ts';
import { blobTexts, type Extent, extentsBetween } from './extents.ts';
import { bytesOf, Ledger } from './ledger.ts';
import { oneOf } from './tiers.ts';
import { client, type DeedName } from './traffic.ts';

/** Archives of which it is known where on the disk they lie, so that damage can be aimed at them. */
export interface Stored {
  archiveId: string;
  description: string;
  extents: Extent[];
}

const ARCHIVES: Partial<Record<DeedName, number>> = { uploadSmall: 40, uploadLarge: 30, uploadInParts: 12 };
const READERS = 4;

/** Stores archives one by one, so that it is known where each of them lies. */
export async function filled(
  {
    dataDir,
    flags = [],
    archives = ARCHIVES,
  }: { dataDir: string; flags?: readonly string[]; archives?: typeof ARCHIVES },
  random: () => number,
): Promise<Stored[]> {
  await using server = await startServer({ dataDir, flags });
  await send(server, { method: 'PUT', path: VAULT });
  const ledger = new Ledger();
  const stored: Stored[] = [];
  let before = blobTexts(join(dataDir, 'blobs'));
  for (const [deed, count] of Object.entries(archives) as [DeedName, number][]) {
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

/** Damages so many files before one start of the server, each once, and each in one of the copies of the store. */
export function damage(given: {
  stored: readonly Stored[];
  copies: readonly string[];
  random: () => number;
  count: number;
}): Corruption[] {
  const extents = given.stored.flatMap((archive) => archive.extents);
  const corruptions: Corruption[] = [];
  const spoilt = new Set<string>();
  for (let tries = 0; tries < given.count; tries += 1) {
    const corruption = corrupt(extents, { ...given, blobsDir: oneOf(given.random, given.copies), spoilt });
    if (corruption === undefined) continue;
    corruptions.push(corruption);
    for (const { path } of corruption.hit) spoilt.add(path);
  }
  return corruptions;
}

export function isHit({ extents }: Stored, corruptions: readonly Corruption[]): boolean {
  const hits = corruptions.flatMap(({ hit }) => hit);
  return extents.some(({ path, start, end }) =>
    hits.some((hit) => hit.path === path && hit.start <= end && start < hit.end),
  );
}

/** What reading an archive comes to, by its description. */
export async function readings(
  server: TestServer,
  archives: readonly Stored[],
): Promise<[archive: Stored, read: 'the same bytes' | 'other bytes' | 'refused'][]> {
  const left = [...archives];
  const read: Awaited<ReturnType<typeof readings>> = [];
  const reader = async () => {
    for (let archive = left.pop(); archive !== undefined; archive = left.pop()) {
      const { archiveId, description } = archive;
      const outcome = await retrieve(server, archiveId).then(
        (bytes) => (bytes.equals(bytesOf(description)) ? 'the same bytes' : 'other bytes'),
        () => 'refused' as const,
      );
      read.push([archive, outcome]);
    }
  };
  await Promise.all(Array.from({ length: READERS }, reader));
  return read;
}
