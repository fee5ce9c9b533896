import { join } from 'node:path';
import type { Gate } from './api/authenticate.ts';
import { errorForms } from './api/errors.ts';
import { ApiServer } from './api/server.ts';
import { DiskBlobStore } from './blobs/disk.ts';
import { DiskLockRecords } from './blobs/disk-lock-records.ts';
import { formatAddress } from './config/addresses.ts';
import type { Config, Secrets } from './config/config.ts';
import { loadOrMakeRootKey } from './config/credentials.ts';
import { openDataDir } from './config/data-dir.ts';
import type { Arrangement } from './core/arrangement.ts';
import { rootCaller } from './core/callers.ts';
import { createCore } from './core/core.ts';
import { Downloads } from './core/downloads.ts';
import { FramePool } from './core/frame-pool.ts';
import { LockBook } from './core/lock-book.ts';
import { RetentionClock } from './core/retention-clock.ts';
import { Metadata } from './metadata/metadata.ts';
import { acquireOwnership } from './metadata/owner.ts';
import { systemClock } from './model/clock.ts';
import { SigningKeyCache } from './sigv4/signing-key.ts';
import type { Log } from './telemetry/log.ts';
import { JobLoop } from './worker/job-loop.ts';
import { Sweeper } from './worker/sweeper.ts';

/** A running server. Disposing it stops listening, lets running requests and jobs end, and closes the stores. */
export interface App extends AsyncDisposable {
  /** Where it listens, `http://host:port`. */
  readonly url: string;
}

export interface AppOptions {
  config: Config;
  secrets: Secrets | undefined;
  log: Log;
  /** Told when nothing may be acknowledged any more, because the metadata's files failed; the process must end. */
  onFatal: (error: unknown) => void;
}

/** Puts a server together and starts it. The only place where parts are wired to each other. */
export async function startApp({ config, secrets, log, onFatal }: AppOptions): Promise<App> {
  await using parts = new AsyncDisposableStack();
  const { path: dataDir } = openDataDir(config.dataDir);
  parts.use(acquireOwnership({ dataDir, description: `serving ${formatAddress(config.listen)}` }));
  const rootKey = loadOrMakeRootKey({ dataDir, secrets });
  if (rootKey.made) log.info({ path: rootKey.path }, 'a root key was made');

  const metadata = parts.use(await Metadata.openSqlite({ path: join(dataDir, 'metadata.sqlite'), onFatal }));
  await warnOfOtherAccounts(metadata, config, log);
  const blobs = parts.use(await DiskBlobStore.open(join(dataDir, 'blobs')));
  const lockBook = await LockBook.open(await DiskLockRecords.open(join(dataDir, 'blobs', 'locks')));
  const retention = parts.use(await openRetentionClock({ config, metadata, lockBook, log }));
  const given: Arrangement = {
    metadata,
    blobs,
    frames: new FramePool(),
    downloads: new Downloads(),
    clock: systemClock,
    retention,
    lockBook,
    region: config.region,
    retrievalTimes: config.retrievalTimes,
    retrievalLimits: config.retrievalLimits,
    inventory: config.inventory,
    jobRetentionMs: config.jobRetentionMs,
  };
  const jobs = parts.use(new JobLoop(given, log));
  const sweeper = parts.use(new Sweeper(given, log));
  const core = createCore(given, { onJobStarted: () => jobs.nudge() });
  for (const { level, facts, text } of await core.locks.settle()) log[level](facts, text);
  const server = parts.use(
    await ApiServer.start({
      core,
      gate: gateFor(config, rootKey),
      health: { isReady: () => metadata.answers() },
      log,
      listen: config.listen,
      uploadStallTimeoutMs: config.uploadStallTimeoutMs,
      errorForms: errorForms(config),
    }),
  );
  jobs.start();
  sweeper.start();
  const running = parts.move();
  return { url: server.url, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function openRetentionClock(parts: { config: Config; metadata: Metadata; lockBook: LockBook; log: Log }) {
  const { config, metadata, lockBook, log } = parts;
  return RetentionClock.open({
    records: metadata.retentionClock,
    clock: systemClock,
    monotonicMs: () => performance.now(),
    toleranceMs: config.clockToleranceMs,
    isOld: !lockBook.isEmpty,
    onAlarm: (text, facts) => log.error(facts, text),
  });
}

/** A forgotten --account-id would otherwise look like an empty server. */
async function warnOfOtherAccounts(metadata: Metadata, { accountId }: Config, log: Log): Promise<void> {
  const others = (await metadata.vaults.accounts()).filter((account) => account !== accountId);
  if (others.length > 0) log.warn({ accountId, others }, 'the data directory holds vaults of other accounts');
}

function gateFor(config: Config, rootKey: { accessKeyId: string; secretAccessKey: string }): Gate {
  const { accessKeyId, secretAccessKey } = rootKey;
  const caller = rootCaller({ accessKeyId, accountId: config.accountId });
  const key = { secretAccessKey, tokenDigest: null, expiresAtMs: null, caller };
  return {
    clock: systemClock,
    region: config.region,
    signingKeys: new SigningKeyCache(),
    findAccessKey: async (id) => (id === accessKeyId ? key : undefined),
  };
}
