import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { limits } from '../src/model/limits.ts';
import { isVaultName } from '../src/model/vaults.ts';
import { Program } from './program.ts';
import { makeScratch } from './scratch.ts';
import { type SeedPlan, seedPlan } from './seeding/plan.ts';
import { metadataPathOf, seed } from './seeding/seed.ts';
import { ROOT } from './servers.ts';

/** `npm run seed`: fills the metadata of a server that is not running with as many rows as somebody wants to see it with. */
const USAGE = `usage: npm run seed -- --data-dir DIR [option] ...
Fills the data directory of a Moraine that is not running with vaults, archives and jobs. For trials only: the archives
have no bytes, so they can be listed and not retrieved. A directory that is new is made by starting the program once.

  --vaults N       spread over so many vaults, in turn (1)
  --vault NAME     the name of the only vault; several are called NAME-0001 and so on (bench)
  --archives N     so many archives with descriptions of every kind (0)
  --jobs N         so many jobs: eight of ten succeeded, one failed, one waiting for two days (0)
  --retrieved N    so many archives of each vault are what the jobs retrieve; they must be there (1)
  --due INSTANT    all jobs wait instead and become due then, such as 2030-01-01T00:00:00Z; they retrieve archives
                   that were uploaded, not seeded
  --seed N         other ids, to seed a directory a second time (1)
`;
const EXIT_USAGE = 2;

interface Wanted {
  dataDir: string;
  plan: SeedPlan;
}

function parsed(): Wanted | undefined {
  const { values } = parseArgs({
    options: {
      'data-dir': { type: 'string' },
      vaults: { type: 'string', default: '1' },
      vault: { type: 'string', default: 'bench' },
      archives: { type: 'string', default: '0' },
      jobs: { type: 'string', default: '0' },
      retrieved: { type: 'string', default: '1' },
      due: { type: 'string' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const dataDir = values['data-dir'];
  if (dataDir === undefined) throw new Error('--data-dir says where; it is needed');
  const dueAtMs = values.due === undefined ? null : Date.parse(values.due);
  if (Number.isNaN(dueAtMs)) throw new Error(`--due ${values.due} is no instant`);
  if (!isVaultName(values.vault)) throw new Error(`--vault ${values.vault} is no name that a vault can have`);
  const plan = seedPlan({
    vaults: wholeNumber('vaults', values.vaults, { min: 1, max: limits.vaultsPerAccountMax }),
    vaultName: values.vault,
    archives: wholeNumber('archives', values.archives),
    jobs: wholeNumber('jobs', values.jobs),
    retrieved: wholeNumber('retrieved', values.retrieved, { min: 1 }),
    dueAtMs,
    seed: wholeNumber('seed', values.seed),
  });
  return { dataDir, plan };
}

function wholeNumber(name: string, text: string, { min = 0, max = 1_000_000_000 } = {}): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Error(`--${name} ${text} is not a whole number from ${min} to ${max}`);
}

/** The tables are the program's, so it makes them itself. */
async function ensureTables(dataDir: string): Promise<void> {
  if (existsSync(metadataPathOf(dataDir))) return;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  using scratch = makeScratch();
  await using _server = await Program.start({
    file: process.execPath,
    args: [join(ROOT, 'bin', 'moraine.cjs'), 'serve'],
    env: { MORAINE_LISTEN: '127.0.0.1:0', MORAINE_DATA_DIR: dataDir },
    logPath: join(scratch.path, 'moraine.log'),
  });
}

async function carryOut({ dataDir, plan }: Wanted): Promise<void> {
  await ensureTables(dataDir);
  for (const { table, rows, seconds } of seed(dataDir, plan)) {
    const rate = Math.round(rows / seconds).toLocaleString('en');
    process.stdout.write(`${rows.toLocaleString('en')} ${table} in ${seconds.toFixed(1)} s, ${rate} rows/s\n`);
  }
}

try {
  const wanted = parsed();
  if (wanted === undefined) process.stdout.write(USAGE);
  else await carryOut(wanted);
} catch (error) {
  // What closing a broken database says is no news.
  const { message } = (error instanceof SuppressedError ? error.suppressed : error) as Error;
  process.stderr.write(`seed: ${message}\nnpm run seed -- --help tells what there is\n`);
  process.exitCode = EXIT_USAGE;
}
