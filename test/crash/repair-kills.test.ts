import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../support/server.ts';
import { copyAlone } from './copies.ts';
import { newDirectory } from './places.ts';
import { filled, readings, type Stored } from './stored.ts';
import { attach, faultAt, ONE_POOL_THREAD, type Point, pointsOf, poolThread, straceMissing } from './strace.ts';
import { isWhole, SEED, saySeed, seeded, someOf, TIER_MS_MAX } from './tiers.ts';
import { namedByCheck, SCRUBBING, scrubbed } from './verdicts.ts';

/** kill -9 before each call by which the scrub repairs a file of its own and a segment, each damaged in one of two copies. */
const CALLS = 'pwrite64,pwritev,fsync,fdatasync,rename,unlink,ftruncate';
const ARCHIVES = { uploadSmall: 4, uploadLarge: 1 };
const SHORT_COUNT = 2;
const SCRUB_MS_MAX = 60_000;

interface Pair {
  dataDir: string;
  mirror: string;
  copies: readonly string[];
  stored: readonly Stored[];
}

// Minutes long on two processors: of the whole tier only.
describe.runIf(isWhole && straceMissing === undefined)('F-02 F-20 kill -9 before each call', () => {
  test('of a repair leaves every archive readable, and the next scrub repairs', { timeout: TIER_MS_MAX }, async () => {
    saySeed('killed repairs');
    const directory = newDirectory('repairs');
    const [dataDir, mirror] = [join(directory, 'data'), join(directory, 'mirror')];
    const copies = [join(dataDir, 'blobs'), join(mirror, 'blobs')];
    try {
      const flags = ['--mirror', mirror, '--scrub-every', 'off'];
      const stored = await filled({ dataDir, flags, archives: ARCHIVES }, seeded(SEED, 95));
      const pair = { dataDir, mirror, copies, stored };
      const points = await repairing(pair);
      expect(points.length).toBeGreaterThan(5);
      const tried = someOf(points, SHORT_COUNT);
      let killed = 0;
      for (const point of tried) killed += (await killedRepair(pair, point)) ? 1 : 0;
      process.stderr.write(`repairs: killed before ${killed} of ${points.length} calls\n`);
      expect(killed).toBeGreaterThan(0);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

/** Damages the file of one archive in the one copy, and the segment of the others in the other. */
function damage({ copies: [first = '', second = ''], stored }: Pair): void {
  const small = stored.find(({ description }) => description.startsWith('small'))?.extents[0];
  const large = stored.find(({ description }) => description.startsWith('large'))?.extents[0];
  for (const [blobs, extent] of [[first, small] as const, [second, large] as const]) {
    if (extent === undefined) throw new Error('an archive is nowhere');
    const path = join(blobs, extent.path);
    const bytes = readFileSync(path);
    // A segment that was made again is shorter.
    const at = Math.min(Math.floor((extent.start + extent.end) / 2), 4096);
    bytes[at] = (bytes[at] ?? 0) ^ 0x40;
    writeFileSync(path, bytes);
  }
}

function started({ dataDir, mirror }: Pair): Promise<TestServer> {
  return startServer({ dataDir, flags: ['--mirror', mirror, ...SCRUBBING], env: ONE_POOL_THREAD });
}

/** The calls of a scrub that is left alone. */
async function repairing(pair: Pair): Promise<Point[]> {
  damage(pair);
  await using server = await started(pair);
  await using tracing = await attach(poolThread(server.child.pid ?? 0), ['-e', `trace=${CALLS}`]);
  await scrubbed(server, SCRUB_MS_MAX);
  const points = pointsOf(await tracing.stop());
  await server.kill();
  await expectWhole(pair);
  return points;
}

async function killedRepair(pair: Pair, point: Point): Promise<boolean> {
  damage(pair);
  const isKilled = await dying(pair, point);
  await using server = await started(pair);
  const wrong = (await readings(server, pair.stored)).filter(([, read]) => read !== 'the same bytes');
  expect({ point, wrong }).toEqual({ point, wrong: [] });
  await scrubbed(server, SCRUB_MS_MAX);
  await server.kill();
  await expectWhole(pair);
  return isKilled;
}

/** False when the scrub came to its end without this call. */
async function dying(pair: Pair, point: Point): Promise<boolean> {
  await using server = await started(pair);
  const ended = once(server.child, 'exit').then(() => true);
  await using _ = await attach(poolThread(server.child.pid ?? 0), faultAt(point, 'signal=SIGKILL'));
  return await Promise.race([ended, scrubbed(server, SCRUB_MS_MAX).then(() => false)]);
}

/** Each copy alone has every byte. */
async function expectWhole({ dataDir, copies }: Pair): Promise<void> {
  for (const blobs of copies) {
    using alone = copyAlone({ dataDir, blobs });
    expect(await namedByCheck(alone)).toEqual(new Set());
  }
}
