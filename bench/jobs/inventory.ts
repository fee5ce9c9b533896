import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import type { InventoryFormat } from '../../src/model/jobs.ts';
import { SECOND_MS } from '../../src/model/limits.ts';
import { expectFreeDisk } from '../free-disk.ts';
import type { Row } from '../report.ts';
import { inTurn } from '../rounds.ts';
import { makeScratch, type Scratch } from '../scratch.ts';
import { seedPlan } from '../seeding/plan.ts';
import { metadataPathOf, seed } from '../seeding/seed.ts';
import { dataDirOf, ROOT, startMoraine } from '../servers.ts';
import { latenciesDuring } from '../signed-load.ts';
import { median, quantile } from '../statistics.ts';
import { VAULT_NAME, VaultClient, vaultPath } from '../vault-client.ts';

/** Inventories of large vaults, from InitiateJob to the job's end, beside a process that makes the same text and drops it. */
const FORMATS: readonly InventoryFormat[] = ['JSON', 'CSV'];
/** A row with its indexes, and its part of the inventories that are kept. */
const BYTES_PER_ARCHIVE = 800;
const BYTES_PER_LINE = 420;

export async function inventory({ quick }: { quick: boolean }): Promise<Row[]> {
  if (quick) return await inventoriesOf({ name: '100 thousand', archives: 100_000, rounds: 2 });
  return [
    ...(await inventoriesOf({ name: '1 million', archives: 1_000_000, rounds: 3 })),
    ...(await inventoriesOf({ name: '10 million', archives: 10_000_000, rounds: 1 })),
  ];
}

async function inventoriesOf({ name, archives, rounds }: { name: string; archives: number; rounds: number }) {
  const bytes = archives * (BYTES_PER_ARCHIVE + FORMATS.length * rounds * BYTES_PER_LINE);
  expectFreeDisk(`the group inventory, with ${name} archives,`, bytes);
  using scratch = makeScratch();
  await seedVault(scratch, archives);
  const rows: Row[] = [];
  for (const format of FORMATS) {
    await checkText(scratch, { format, archives });
    const samples = await inTurn<'raw' | 'moraine', Made>(rounds, {
      raw: () => makeRaw(scratch, format, 'time'),
      moraine: () => makeByJob(scratch, format),
    });
    rows.push(...rowsOf(`${name}, ${format}`, archives, samples));
  }
  return rows;
}

async function seedVault({ path }: Scratch, archives: number): Promise<void> {
  {
    await using moraine = await startMoraine(path);
    await new VaultClient(moraine).createVault();
  }
  seed(dataDirOf(path), seedPlan({ archives }));
}

/** An inventory once made: how long it took, the memory, and how long another client waited meanwhile. */
interface Made {
  seconds: number;
  peakMib: number;
  waitsMs: number[];
}

/** By a fresh server, whose memory is this inventory's alone. */
async function makeByJob({ path }: Scratch, format: InventoryFormat): Promise<Made> {
  await using moraine = await startMoraine(path);
  const vault = new VaultClient(moraine);
  const startedAt = performance.now();
  const ended = vault.initiateJob({ Type: 'inventory-retrieval', Format: format }).then((id) => vault.waitForEnd(id));
  const waitsMs = await latenciesDuring(moraine, { method: 'GET', target: vaultPath(VAULT_NAME) }, ended);
  const seconds = (performance.now() - startedAt) / SECOND_MS;
  return { seconds, peakMib: moraine.peakMemoryMib(), waitsMs };
}

interface RawText extends Made {
  rows: number;
  hash: string;
}

async function makeRaw({ path }: Scratch, format: InventoryFormat, mode: 'time' | 'hash'): Promise<RawText> {
  const databasePath = metadataPathOf(dataDirOf(path));
  const args = [join(ROOT, 'bench', 'jobs', 'raw-inventory.ts'), databasePath, vaultKeyIn(databasePath), format, mode];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return { ...(JSON.parse(stdout) as Omit<RawText, 'waitsMs'>), waitsMs: [] };
}

function vaultKeyIn(databasePath: string): string {
  using database = new DatabaseSync(databasePath, { readOnly: true });
  return String(database.prepare('select key from vaults where name = ?').get(VAULT_NAME)?.key);
}

/** The output of a job must be the raw text to the last byte, but for the instant in its head, and list every archive. */
async function checkText(scratch: Scratch, { format, archives }: { format: InventoryFormat; archives: number }) {
  const raw = await makeRaw(scratch, format, 'hash');
  if (raw.rows !== archives) throw new Error(`the raw scan found ${raw.rows} archives instead of ${archives}`);
  await using moraine = await startMoraine(scratch.path);
  const vault = new VaultClient(moraine);
  const jobId = await vault.initiateJob({ Type: 'inventory-retrieval', Format: format });
  await vault.waitForEnd(jobId);
  const body = afterHead(format === 'CSV' ? 'SHA256TreeHash\n' : '"ArchiveList":[');
  await vault.download(jobId, body.add);
  if (body.digest() !== raw.hash) throw new Error(`the ${format} inventory is not the raw text`);
}

/** Hashes what comes after the first `end`, which lies in the first piece. */
function afterHead(end: string) {
  const hash = createHash('sha256');
  let seen = false;
  return {
    add: (bytes: Buffer): void => {
      if (seen) return void hash.update(bytes);
      const at = bytes.indexOf(end);
      if (at < 0) return;
      seen = true;
      hash.update(bytes.subarray(at + end.length));
    },
    digest: () => hash.digest('hex'),
  };
}

function rowsOf(name: string, archives: number, samples: Record<'raw' | 'moraine', Made[]>): Row[] {
  const rate = (way: 'raw' | 'moraine'): number => median(samples[way].map(({ seconds }) => archives / seconds));
  const memory = (way: 'raw' | 'moraine'): number => Math.max(...samples[way].map(({ peakMib }) => peakMib));
  const waits = samples.moraine.flatMap(({ waitsMs }) => waitsMs);
  const raw = `raw scan, ${name}`;
  return [
    { case: raw, value: rate('raw'), unit: 'rows/s' },
    { case: name, value: rate('moraine'), unit: 'rows/s', against: { case: raw, value: rate('raw') } },
    {
      case: `${name}, peak memory`,
      value: memory('moraine'),
      unit: 'MiB',
      against: { case: raw, value: memory('raw') },
    },
    { case: `${name}, DescribeVault meanwhile, p50`, value: quantile(waits, 0.5), unit: 'ms' },
    { case: `${name}, DescribeVault meanwhile, p99`, value: quantile(waits, 0.99), unit: 'ms' },
  ];
}
