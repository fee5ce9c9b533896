import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { GIB, MIB, MINUTE_MS, SECOND_MS } from '../../src/model/limits.ts';
import { expectFreeDisk } from '../free-disk.ts';
import { repeatedBody } from '../repeated-body.ts';
import type { Row } from '../report.ts';
import { makeScratch, type Scratch } from '../scratch.ts';
import { seedPlan } from '../seeding/plan.ts';
import { metadataPathOf, seed } from '../seeding/seed.ts';
import { dataDirOf, startMoraine } from '../servers.ts';
import { latenciesDuring } from '../signed-load.ts';
import { quantile } from '../statistics.ts';
import { VAULT_NAME, VaultClient, vaultPath } from '../vault-client.ts';

/**
 * Very many jobs that are due at the same instant, which is past when the server starts: how long until the last has
 * succeeded, and what another client and the memory notice of it. Beside it the same rows claimed and ended by SQLite alone,
 * durably, which is what is left when jobs are no work.
 */
const ARCHIVES = 16;
const POLL_MS = 50;
const TIMEOUT_MS = 20 * MINUTE_MS;
const RAW_ROWS = 64;

export async function completion({ quick }: { quick: boolean }): Promise<Row[]> {
  const count = quick ? 5000 : 100_000;
  expectFreeDisk('the group completion', GIB);
  using rawScratch = makeScratch();
  await seedDue(rawScratch, count);
  const raw = { case: `SQLite alone, ${RAW_ROWS} rows a commit`, value: rawPerSecond(rawScratch, count) };
  using scratch = makeScratch();
  await seedDue(scratch, count);
  const startedAt = performance.now();
  await using moraine = await startMoraine(scratch.path);
  const ended = untilEnded(new VaultClient(moraine));
  const duringMs = await latenciesDuring(moraine, DESCRIBE, ended);
  const seconds = (performance.now() - startedAt) / SECOND_MS;
  const idleMs = await latenciesDuring(moraine, DESCRIBE, wait(quick ? SECOND_MS : 5 * SECOND_MS));
  const idle = { case: 'idle', value: quantile(idleMs, 0.99) };
  const memoryMib = moraine.peakMemoryMib();
  await moraine[Symbol.asyncDispose]();
  expectEndedOnce(scratch, count);
  const all = `${count.toLocaleString('en')} jobs due at once`;
  return [
    { ...raw, unit: 'jobs/s' },
    { case: all, value: count / seconds, unit: 'jobs/s', against: raw },
    { case: `${all}, from the start of the process`, value: seconds, unit: 's' },
    { case: 'DescribeVault meanwhile, p50', value: quantile(duringMs, 0.5), unit: 'ms' },
    { case: 'DescribeVault meanwhile, p99', value: quantile(duringMs, 0.99), unit: 'ms', against: idle },
    { case: 'peak memory', value: memoryMib, unit: 'MiB' },
  ];
}

const DESCRIBE = { method: 'GET', target: vaultPath(VAULT_NAME) };

/** A vault with some archives, and jobs that retrieve them. */
async function seedDue({ path }: Scratch, count: number): Promise<void> {
  {
    await using moraine = await startMoraine(path);
    const vault = new VaultClient(moraine);
    await vault.createVault();
    for (let number = 0; number < ARCHIVES; number += 1) await vault.upload(repeatedBody(MIB));
  }
  const plan = seedPlan({ jobs: count, retrieved: ARCHIVES, dueAtMs: Date.now() - SECOND_MS });
  seed(dataDirOf(path), plan);
}

/** Asks now and then whether a job is still in progress. */
async function untilEnded(vault: VaultClient): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  while (performance.now() < deadline) {
    const { JobList: left } = JSON.parse(await vault.listJobs('?completed=false&limit=1')) as { JobList: unknown[] };
    if (left.length === 0) return;
    await wait(POLL_MS);
  }
  throw new Error('the jobs did not end in twenty minutes');
}

/** Each job has succeeded, and no claim was in vain. */
function expectEndedOnce({ path }: Scratch, count: number): void {
  using database = new DatabaseSync(metadataPathOf(dataDirOf(path)), { readOnly: true });
  const sql = `select count(*) as found from jobs where status = 'Succeeded' and attempts = 1`;
  const found = Number(database.prepare(sql).get()?.found);
  if (found !== count) throw new Error(`${found} of ${count} jobs succeeded at their first attempt`);
}

/** Every row claimed in one commit and ended in another. */
function rawPerSecond({ path }: Scratch, count: number): number {
  using database = new DatabaseSync(metadataPathOf(dataDirOf(path)));
  database.exec('pragma journal_mode = wal; pragma synchronous = full');
  const due = database.prepare('select key from jobs where due_at <= ? order by due_at limit ?');
  const claim = database.prepare(
    `update jobs set due_at = ?, lease_token = 'raw', attempts = attempts + 1 where key = ?`,
  );
  const end = database.prepare(`update jobs set status = 'Succeeded', completed = 1, status_message = 'Succeeded',
    completed_at = ?, expires_at = ?, due_at = null, lease_token = null where key = ? and lease_token = 'raw'`);
  const nowMs = Date.now();
  const startedAt = performance.now();
  for (let done = 0; done < count; ) {
    const keys = due.all(nowMs, RAW_ROWS).map((row) => Number(row.key));
    database.exec('begin immediate');
    for (const key of keys) claim.run(nowMs + TIMEOUT_MS, key);
    database.exec('commit; begin immediate');
    for (const key of keys) end.run(nowMs, nowMs + TIMEOUT_MS, key);
    database.exec('commit');
    done += keys.length;
  }
  return (count * SECOND_MS) / (performance.now() - startedAt);
}
