import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { type Outcome, runProgram } from '../support/program.ts';
import { startServer } from '../support/server.ts';
import { inventory } from './archives.ts';
import { newDirectory } from './places.ts';
import { filled, readings, type Stored } from './stored.ts';
import { ONE_POOL_THREAD, type Point, pointsOfThreads, straceMissing } from './strace.ts';
import { isWhole, SEED, saySeed, seeded, someOf, TIER_MS_MAX } from './tiers.ts';

/**
 * kill -9 before each call that changes a file, of the commands that change a store while no server runs. Afterwards nothing is
 * lost, and the command can be run again to its end.
 */
const CALLS = 'pwrite64,pwritev,write,fsync,fdatasync,rename,unlink,ftruncate,link';
const ARCHIVES = { uploadSmall: 6, uploadLarge: 2, uploadInParts: 1 };
const COMMAND_MS_MAX = 120_000;

interface Place {
  dataDir: string;
  /** A directory beside it, for what a command writes. */
  beside: string;
}

interface KilledCommand {
  words: (place: Place) => string[];
  /** What has happened to the store before the command. */
  before?: (place: Place) => void;
  /** Whether the store can be served when the command was killed, as far as it came. */
  canServe: (place: Place) => boolean;
  /** What is so after the command has come to its end. */
  after?: (place: Place, stored: readonly Stored[]) => void;
  shortCount: number;
}

const COMMANDS: Record<string, KilledCommand> = {
  'encryption rotate': {
    words: () => ['encryption', 'rotate'],
    canServe: () => true,
    shortCount: 1,
  },
  rebuild: {
    words: () => ['rebuild'],
    before: ({ dataDir }) => {
      const metadata = readdirSync(dataDir).filter((name) => name.startsWith('metadata.sqlite'));
      for (const name of metadata) rmSync(join(dataDir, name));
    },
    // A store whose metadata are made again in part is not served.
    canServe: () => false,
    shortCount: 1,
  },
  backup: {
    words: ({ beside }) => ['backup', '--to', copyIn(beside), '--force'],
    canServe: ({ beside }) => {
      if (existsSync(copyIn(beside))) expectWhole(copyIn(beside));
      return true;
    },
    after: ({ beside }, stored) => {
      expect(expectWhole(copyIn(beside))).toEqual(stored.map(({ archiveId }) => archiveId).sort());
    },
    shortCount: 1,
  },
};

const copyIn = (directory: string): string => join(directory, 'metadata.copy');

/** The archives of a copy of the metadata, which is sound. */
function expectWhole(path: string): string[] {
  using database = new DatabaseSync(path, { readOnly: true });
  expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
  const rows = database.prepare('select id from archives').all();
  return rows.map(({ id }) => String(id)).sort();
}

// Minutes long on two processors: of the whole tier only.
describe.runIf(isWhole && straceMissing === undefined)('F-02 F-03 kill -9 before each call', () => {
  test('of rotate, rebuild and backup loses nothing, and each can be run again', { timeout: TIER_MS_MAX }, async () => {
    saySeed('killed commands');
    const root = newDirectory('commands');
    const pristine = join(root, 'pristine');
    try {
      const stored = await filled({ dataDir: pristine, archives: ARCHIVES }, seeded(SEED, 90));
      for (const [name, command] of Object.entries(COMMANDS)) {
        const copied = (number: number): Place => copyOf(pristine, { root, name: `${name} ${number}` });
        const { outcome, points } = await traced(copied(0), command);
        expect([name, outcome.code]).toEqual([name, 0]);
        expect(points.length).toBeGreaterThan(5);
        const tried = someOf(points, command.shortCount);
        for (const [index, point] of tried.entries()) {
          const place = copied(index + 1);
          await killedAndAgain(place, { command, point, stored });
          rmSync(place.beside, { recursive: true });
        }
        process.stderr.write(`${name}: killed before ${tried.length} of ${points.length} calls\n`);
      }
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});

function copyOf(pristine: string, { root, name }: { root: string; name: string }): Place {
  const beside = join(root, name.replaceAll(' ', '-'));
  const dataDir = join(beside, 'data');
  cpSync(pristine, dataDir, { recursive: true, filter: (path) => !path.endsWith('.sock') });
  return { dataDir, beside };
}

async function traced(place: Place, command: KilledCommand): Promise<{ outcome: Outcome; points: Point[] }> {
  command.before?.(place);
  const trace = join(place.beside, 'trace');
  const outcome = await run(place, { command, strace: ['-o', trace, '-e', `trace=${CALLS}`] });
  return { outcome, points: pointsOfThreads(trace, place.beside) };
}

async function killedAndAgain(
  place: Place,
  { command, point, stored }: { command: KilledCommand; point: Point; stored: readonly Stored[] },
): Promise<void> {
  command.before?.(place);
  const { name, nth } = point;
  const fault = ['-e', `trace=${name}`, '-e', `inject=${name}:signal=SIGKILL:when=${nth}`];
  await run(place, { command, strace: ['-o', '/dev/null', ...fault] });
  if (command.canServe(place)) await expectServed(place, { point, stored });
  const again = await run(place, { command });
  expect({ point, code: again.code, stderr: again.stderr }).toMatchObject({ point, code: 0 });
  command.after?.(place, stored);
  await expectServed(place, { point, stored });
}

function run(
  place: Place,
  { command, strace }: { command: KilledCommand; strace?: readonly string[] },
): Promise<Outcome> {
  const under = strace === undefined ? {} : { under: ['strace', '-f', '--seccomp-bpf', '-y', ...strace] };
  const env = { ...ONE_POOL_THREAD, NODE_COMPILE_CACHE: undefined };
  return runProgram([...command.words(place), '--data-dir', place.dataDir], { env, msMax: COMMAND_MS_MAX, ...under });
}

async function expectServed(
  { dataDir }: Place,
  { point, stored }: { point: Point; stored: readonly Stored[] },
): Promise<void> {
  await using server = await startServer({ dataDir });
  const ids = (await inventory(server)).map(({ ArchiveId: id }) => id).sort();
  expect({ point, ids }).toEqual({ point, ids: stored.map(({ archiveId }) => archiveId).sort() });
  const wrong = (await readings(server, stored)).filter(([, read]) => read !== 'the same bytes');
  expect({ point, wrong }).toEqual({ point, wrong: [] });
  await server.stop();
}
