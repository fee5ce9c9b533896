import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { type Bytes, masterKeysOf, openBytes } from '../src/arrange.ts';
import { loadConfig } from '../src/config/config.ts';
import { refTo } from '../src/core/receive.ts';
import { Metadata } from '../src/metadata/metadata.ts';
import type { ArchiveAbout } from '../src/model/blob-about.ts';
import { newArchiveId } from '../src/model/ids.ts';
import { MIB } from '../src/model/limits.ts';
import type { Row } from './report.ts';
import { makeScratch } from './scratch.ts';

const PROGRAM = fileURLToPath(new URL('../bin/moraine.cjs', import.meta.url));
const VAULT = { accountId: '111122223333', name: 'rebuilt', createdAtMs: Date.now() };
const ARCHIVE_BYTES = 100;
/** Uploads at once, so that many share an fsync. */
const LANES = 256;
const POLL_MS = 20;

/** The metadata of many small archives are deleted and made again: how long it takes, with how much memory, and that all is back. */
export async function rebuild({ quick }: { quick: boolean }): Promise<Row[]> {
  using scratch = makeScratch();
  const dataDir = join(scratch.path, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  const count = quick ? 2000 : 100_000;
  await fill(dataDir, count);
  const before = digestOf(dataDir);
  for (const end of ['', '-wal', '-shm']) rmSync(join(dataDir, `metadata.sqlite${end}`), { force: true });
  const { seconds, peakMib } = await rebuildIn(dataDir);
  if (digestOf(dataDir) !== before)
    throw new Error('the metadata that were made again are not those that were deleted');
  return [
    { case: `${count} archives of ${ARCHIVE_BYTES} bytes, all of them back`, value: seconds, unit: 's' },
    { case: 'archives a second', value: count / seconds, unit: '/s' },
    { case: 'peak memory', value: peakMib, unit: 'MiB' },
  ];
}

async function fill(dataDir: string, count: number): Promise<void> {
  await using parts = new AsyncDisposableStack();
  const onFatal = (error: unknown): never => {
    throw error;
  };
  const metadata = parts.use(await Metadata.openSqlite({ path: join(dataDir, 'metadata.sqlite'), onFatal }));
  const { config, secrets } = loadConfig({ flags: {}, env: { MORAINE_ENCRYPTION: 'none' } });
  const bytes = await openBytes(parts, { dataDir, config, masterKeys: masterKeysOf({ dataDir, config, secrets }) });
  await metadata.accounts.ensure({ accountId: VAULT.accountId, nowMs: VAULT.createdAtMs });
  await bytes.vaultRecords.add([VAULT]);
  await metadata.vaults.create({ ...VAULT, nowMs: VAULT.createdAtMs, vaultsMax: 1 });
  const vaultKey = (await metadata.vaults.find(VAULT))?.key ?? 0;
  let next = 0;
  const lane = async () => {
    for (; next < count; ) await add({ ...bytes, metadata, vaultKey, number: next++ });
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

async function add(
  given: Pick<Bytes, 'blobs'> & { metadata: Metadata; vaultKey: number; number: number },
): Promise<void> {
  const { blobs, metadata, vaultKey, number } = given;
  const about: ArchiveAbout = {
    kind: 'archive',
    archiveId: newArchiveId(),
    vault: VAULT,
    description: `archive ${number}`,
    createdAtMs: VAULT.createdAtMs + number,
  };
  await using writer = await blobs.put();
  await writer.write(Buffer.alloc(ARCHIVE_BYTES, `${number} `));
  const facts = await writer.end();
  const received = { ...facts, about, blobId: await writer.commit(about) };
  const { archiveId: id, description, createdAtMs: nowMs } = about;
  await metadata.archives.add({ ...facts, id, vaultKey, description, nowMs, blob: refTo(received, 0) });
}

/** Everything that the metadata say of vaults and archives, but for the internal keys. */
function digestOf(dataDir: string): string {
  using database = new DatabaseSync(join(dataDir, 'metadata.sqlite'), { readOnly: true });
  const vaults = database
    .prepare('select account_id, name, created_at, written_at, archive_count, archive_bytes from vaults')
    .all();
  const archives = database
    .prepare(
      `select a.id, a.description, a.size_bytes, a.tree_hash, a.created_at, a.deleted_at, b.blob_id, b.start_byte
       from archives a join archive_blobs b on b.archive_key = a.key order by a.id, b.start_byte`,
    )
    .all();
  return hash('sha256', JSON.stringify([vaults, archives]));
}

async function rebuildIn(dataDir: string): Promise<{ seconds: number; peakMib: number }> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [PROGRAM, 'rebuild', '--data-dir', dataDir], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let peakKib = 0;
  const poll = setInterval(() => {
    peakKib = Math.max(peakKib, peakKibOf(child.pid ?? 0));
  }, POLL_MS);
  const [code] = await once(child, 'close');
  clearInterval(poll);
  if (code !== 0) throw new Error(`moraine rebuild ended with ${code}`);
  return { seconds: (performance.now() - startedAt) / 1000, peakMib: (peakKib * 1024) / MIB };
}

/** The process may have ended a moment ago. */
function peakKibOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
