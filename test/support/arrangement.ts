import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskBlobStore } from '../../src/blobs/disk.ts';
import { DiskLockRecords } from '../../src/blobs/disk-lock-records.ts';
import { DiskVaultRecords } from '../../src/blobs/disk-vault-records.ts';
import type { Arrangement, Notices } from '../../src/core/arrangement.ts';
import { type Core, createCore } from '../../src/core/core.ts';
import { DiskSpace } from '../../src/core/disk-space.ts';
import { Downloads } from '../../src/core/downloads.ts';
import { FramePool } from '../../src/core/frame-pool.ts';
import { LockBook } from '../../src/core/lock-book.ts';
import { RetentionClock } from '../../src/core/retention-clock.ts';
import { Metadata } from '../../src/metadata/metadata.ts';
import { systemClock } from '../../src/model/clock.ts';
import { NO_RETRIEVAL_LIMITS } from '../../src/model/retrieval-limits.ts';
import type { Snapshot } from '../../src/model/vaults.ts';
import { addressRules } from '../../src/notify/addresses.ts';
import { signingKeyIn } from '../../src/notify/signing-key.ts';
import { DiskOutput } from '../../src/select-output/disk.ts';
import { FixityLog } from '../../src/telemetry/fixity-log.ts';
import { Health } from '../../src/telemetry/health.ts';
import type { Log } from '../../src/telemetry/log.ts';
import { sha256, treeHash } from './hashes.ts';

/** Where fsync costs nothing; these tests are about rules, not about disks. */
const MEMORY = '/dev/shm';

/** The stores and settings that the rules stand on, in a directory of their own, with a clock that the test moves. */
export interface TestArrangement extends AsyncDisposable {
  given: Arrangement;
  core: Core;
  clock: TestClock;
  /** What the clock of retention has raised, and damage that was met. */
  alarms: string[];
  directory: string;
  blobsDirectory: string;
  /** Closes the stores and opens them again, as a restart does; `given` and `core` are new ones after it. */
  restart(): Promise<void>;
}

/** Time passes with `atMs`; what the wall clock shows is off by `offByMs`, as one that somebody has moved. */
export interface TestClock {
  atMs: number;
  offByMs: number;
  nowMs(): number;
}

export const T0 = Date.parse('2031-05-06T07:08:09.123Z');
/** How most jobs end, as the metadata are told it. */
export const SUCCEEDED = {
  status: 'Succeeded' as const,
  statusMessage: 'Succeeded',
  announcement: { region: 'us-east-1', throughSns: true },
};
export const CLOCK_TOLERANCE_MS = 7 * 24 * 60 * 60 * 1000;
export const VAULT = { accountId: '111122223333', name: 'vault' };

export async function testArrangement(settings: Partial<Arrangement> = {}): Promise<TestArrangement> {
  const directory = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'moraine-core-'));
  const clock = { atMs: T0, offByMs: 0, nowMs: () => clock.atMs + clock.offByMs };
  const alarms: string[] = [];
  const open = async () => {
    const given = { ...(await arrangementIn(directory, { clock, alarms })), fixityLog, ...settings };
    const core = createCore(given, { onJobStarted: nothing, onMessage: nothing, onKeyUnreadable: nothing });
    await core.accounts.ensureFirst();
    return { given, core };
  };
  const close = async () => {
    await arrangement.given.metadata[Symbol.asyncDispose]();
    await arrangement.given.blobs[Symbol.asyncDispose]();
    await fixityLog[Symbol.asyncDispose]();
  };
  const fixityLog = await FixityLog.open(join(directory, 'fixity'));
  const arrangement: TestArrangement = {
    ...(await open()),
    clock,
    alarms,
    directory,
    blobsDirectory: join(directory, 'blobs'),
    restart: async () => {
      await close();
      Object.assign(arrangement, await open());
    },
    [Symbol.asyncDispose]: async () => {
      await close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await arrangement.core.vaults.create(VAULT);
  return arrangement;
}

const ROOT_KEY = {
  accountId: VAULT.accountId,
  accessKeyId: 'AKIAROOTOFTHETESTS',
  secretAccessKey: 'secret',
  origin: 'the test',
};
const SECRETS_KEY = Buffer.alloc(32, 'key');

async function arrangementIn(
  directory: string,
  { clock, alarms }: { clock: TestClock; alarms: string[] },
): Promise<Omit<Arrangement, 'fixityLog'>> {
  const health = new Health(clock);
  const none = { minMs: 0, maxMs: 0 };
  const onFatal = (error: unknown) => {
    throw error;
  };
  const metadata = await Metadata.openSqlite({ path: join(directory, 'metadata.sqlite'), onFatal });
  const blobs = await DiskBlobStore.open(join(directory, 'blobs'));
  const lockBook = await LockBook.open(await DiskLockRecords.open(join(directory, 'blobs', 'locks')));
  const vaultRecords = await DiskVaultRecords.open([join(directory, 'blobs', 'vaults')]);
  const retention = await RetentionClock.open({
    records: metadata.retentionClock,
    clock,
    monotonicMs: () => clock.atMs,
    toleranceMs: CLOCK_TOLERANCE_MS,
    wasLocked: () => !lockBook.isEmpty,
    onAlarm: ({ level, text }) => alarms.push(`${level}: ${text}`),
  });
  return {
    metadata,
    blobs,
    clock,
    health,
    space: new DiskSpace({ places: [], reserve: 0, health, monotonicMs: () => clock.atMs, onChange: nothing }),
    retention,
    lockBook,
    vaultRecords,
    frames: new FramePool(),
    downloads: new Downloads(),
    rootKey: ROOT_KEY,
    secretsKey: { find: () => SECRETS_KEY, findOrMake: () => SECRETS_KEY },
    region: 'us-east-1',
    retrievalTimes: { expedited: none, standard: none, bulk: none, inventory: none },
    retrievalLimits: NO_RETRIEVAL_LIMITS,
    inventory: 'live',
    jobRetentionMs: 24 * 60 * 60 * 1000,
    selectStrict: false,
    selectOutputBytesMax: 2 ** 40,
    notices: noticesIn(directory),
    selectOutput: await DiskOutput.open(join(directory, 'select-output')),
    onDamage: ({ what }) => alarms.push(`damage: ${what}`),
    scrubEveryMs: 30 * 24 * 60 * 60 * 1000,
  };
}

const nothing = (): void => undefined;

/** Webhooks may be on this machine, where the receivers of tests are; every name stands for it. */
const noticesIn = (directory: string): Notices => {
  const { find, findOrMake } = signingKeyIn({ path: join(directory, 'notify-signing.pem'), clock: systemClock });
  return {
    throughSns: true,
    signingKey: findOrMake,
    findSigningKey: find,
    rules: addressRules(['127.0.0.0/8']),
    lookup: async () => [{ address: '127.0.0.1', family: 4 }],
  };
};

/** A snapshot of a vault that is there. */
export async function snapshotIn({ inventories }: Metadata, vaultKey: number): Promise<Snapshot> {
  const { lastKey, atMs } = (await inventories.takeSnapshot(vaultKey)) ?? { lastKey: Number.NaN, atMs: Number.NaN };
  return { lastKey, atMs };
}

/** Bytes as a client sends them, in chunks of this size. */
export async function* chunksOf(bytes: Buffer, chunkBytes = 64 * 1024): AsyncGenerator<Buffer, void, void> {
  for (let start = 0; start < bytes.length; start += chunkBytes) yield bytes.subarray(start, start + chunkBytes);
}

/** The hashes a client states for a body. */
export const hashesOf = (bytes: Buffer) => ({ linearHash: sha256(bytes), treeHash: treeHash(bytes) });

/** Stores bytes as an archive and returns its id. */
export async function uploadBytes({ core }: Pick<TestArrangement, 'core'>, bytes: Buffer): Promise<string> {
  const upload = {
    vault: VAULT,
    description: null,
    claimed: hashesOf(bytes),
    body: chunksOf(bytes),
    sizeBytes: bytes.length,
  };
  return (await core.archives.upload(upload)).id;
}

/** Stores bytes as an archive in parts of this size and returns its id. */
export async function uploadParts(
  { core }: Pick<TestArrangement, 'core'>,
  { bytes, partSizeBytes }: { bytes: Buffer; partSizeBytes: number },
): Promise<string> {
  const id = await core.uploads.initiate({ vault: VAULT, description: null, partSizeBytes });
  const name = { vault: VAULT, id };
  for (let startByte = 0; startByte < bytes.length; startByte += partSizeBytes) {
    const part = bytes.subarray(startByte, startByte + partSizeBytes);
    const range = { startByte, endByte: startByte + part.length - 1 };
    await core.uploads.putPart({ name, range, claimed: hashesOf(part), body: chunksOf(part) });
  }
  const { archiveId } = await core.uploads.complete({ name, sizeBytes: bytes.length, treeHash: treeHash(bytes) });
  return archiveId;
}

/** A log that remembers what was said of what went wrong. */
export function testLog(): { log: Log; said: string[] } {
  const said: string[] = [];
  const say = (_: unknown, text: string) => void said.push(text);
  return { log: { debug: () => undefined, info: say, warn: say, error: say, fatal: say } as unknown as Log, said };
}
