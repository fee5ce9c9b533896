import { join } from 'node:path';
import { commands } from './admin/commands/index.ts';
import type { Request, Response } from './admin/protocol.ts';
import { runCommand } from './admin/run.ts';
import { AdminServer } from './admin/server.ts';
import type { Gate } from './api/authenticate.ts';
import { ApiServer } from './api/server.ts';
import { DiskBlobStore } from './blobs/disk.ts';
import { formatAddress } from './config/addresses.ts';
import type { Config, Secrets } from './config/config.ts';
import { loadOrMakeRootKey } from './config/credentials.ts';
import { findDataDir, openDataDir } from './config/data-dir.ts';
import type { Arrangement } from './core/arrangement.ts';
import { rootCaller } from './core/callers.ts';
import { type Core, createCore } from './core/core.ts';
import { Downloads } from './core/downloads.ts';
import { FramePool } from './core/frame-pool.ts';
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

  const given = await arrange(parts, { config, dataDir, onFatal });
  const { metadata } = given;
  await warnOfOtherAccounts(metadata, config, log);
  const jobs = parts.use(new JobLoop(given, log));
  const sweeper = parts.use(new Sweeper(given, log));
  const core = createCore(given, { onJobStarted: () => jobs.nudge() });
  // Before the API, so that it ends after it: commands are answered as long as requests run.
  parts.use(await AdminServer.start({ dataDir, log, run: commandsOn(core, config) }));
  const server = parts.use(
    await ApiServer.start({
      core,
      gate: gateFor(config, rootKey),
      health: { isReady: () => metadata.answers() },
      log,
      listen: config.listen,
      uploadStallTimeoutMs: config.uploadStallTimeoutMs,
    }),
  );
  jobs.start();
  sweeper.start();
  const running = parts.move();
  return { url: server.url, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** The core of a data directory that no server holds, for commands of the operator. */
export interface Offline extends AsyncDisposable {
  run: (request: Request) => Promise<Response>;
}

/**
 * Takes a data directory for a moment, as `description` says, in the absence of a server. Throws DataDirHeldError when there
 * is one. Makes no directory: a wrong --data-dir shall not look like an empty server.
 */
export async function openOffline({ config, description }: { config: Config; description: string }): Promise<Offline> {
  await using parts = new AsyncDisposableStack();
  const { path: dataDir } = findDataDir(config.dataDir);
  parts.use(acquireOwnership({ dataDir, description }));
  // What fails under the database fails the one command that there is.
  const given = await arrange(parts, { config, dataDir, onFatal: () => undefined });
  const run = commandsOn(createCore(given, { onJobStarted: () => undefined }), config);
  const running = parts.move();
  return { run, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Opens the stores of a data directory that this process owns. */
async function arrange(
  parts: AsyncDisposableStack,
  { config, dataDir, onFatal }: { config: Config; dataDir: string; onFatal: (error: unknown) => void },
): Promise<Arrangement> {
  const metadata = parts.use(await Metadata.openSqlite({ path: join(dataDir, 'metadata.sqlite'), onFatal }));
  const blobs = parts.use(await DiskBlobStore.open(join(dataDir, 'blobs')));
  return {
    metadata,
    blobs,
    frames: new FramePool(),
    downloads: new Downloads(),
    clock: systemClock,
    region: config.region,
    retrievalTimes: config.retrievalTimes,
    inventory: config.inventory,
    jobRetentionMs: config.jobRetentionMs,
  };
}

/** The one way to the commands, with a server and without. */
function commandsOn(core: Core, config: Config): Offline['run'] {
  const administration = { core, firstAccountId: config.accountId };
  return (request) => runCommand(request, { commands, administration, onCommand: () => undefined });
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
