import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { commandEvent } from './admin/audit.ts';
import type { Administration } from './admin/command.ts';
import { commands } from './admin/commands/index.ts';
import type { Request, Response } from './admin/protocol.ts';
import { type CommandRecord, runCommand } from './admin/run.ts';
import { AdminServer } from './admin/server.ts';
import type { Gate } from './api/authenticate.ts';
import { ByteBudget } from './api/byte-budget.ts';
import { errorForms } from './api/errors.ts';
import type { Health as PageHealth } from './api/pages.ts';
import { ApiServer } from './api/server.ts';
import { arrange, type Beginnings, masterKeysOf } from './arrange.ts';
import type { MasterKeyRing } from './blobs/master-key-ring.ts';
import { formatAddress } from './config/addresses.ts';
import type { Config, Secrets } from './config/config.ts';
import { findRootKey, loadOrMakeRootKey } from './config/credentials.ts';
import { findDataDir, openDataDir, refuseOtherUser } from './config/data-dir.ts';
import { ConfigError } from './config/errors.ts';
import { refuseWithoutMetadata } from './config/rebuilding.ts';
import { asServed, type Origins, servedOtherwise, servingOf } from './config/served.ts';
import type { Arrangement } from './core/arrangement.ts';
import { type Core, createCore } from './core/core.ts';
import { faultReport } from './fault-report.ts';
import { Metadata } from './metadata/metadata.ts';
import { acquireOwnership } from './metadata/owner.ts';
import type { ThreadedWriter } from './metadata/threaded-writer.ts';
import { systemClock } from './model/clock.ts';
import { limits } from './model/limits.ts';
import { type Links, linksBelow } from './notify/links.ts';
import { noNotifier } from './notify/notifier.ts';
import { snsNotifier } from './notify/sns.ts';
import { webhookNotifier } from './notify/webhook.ts';
import { parseRange, type Range } from './policy/addresses.ts';
import { SigningKeyCache } from './sigv4/signing-key.ts';
import { AuditLog, type AuditLogOptions } from './telemetry/audit-log.ts';
import { Health } from './telemetry/health.ts';
import type { Log } from './telemetry/log.ts';
import { examineHere, startWatching } from './watching.ts';
import { DeliveryLoop, type Notifiers } from './worker/delivery-loop.ts';
import { JobLoop } from './worker/job-loop.ts';
import { Sweeper } from './worker/sweeper.ts';

/** A running server. Disposing it stops listening, lets running requests and jobs end, and closes the stores. */
export interface App extends AsyncDisposable {
  /** Where it listens, `http://host:port`. */
  readonly url: string;
}

export interface AppOptions {
  config: Config;
  secrets: Secrets;
  log: Log;
  /** The thread that writes the metadata, which may have been loading its code for a while. */
  writer: ThreadedWriter;
  /** Told when nothing may be acknowledged any more, because the metadata's files failed; the process must end. */
  onFatal: (error: unknown) => void;
}

/** Puts a server together and starts it. The only place where parts are wired to each other. */
export async function startApp({ config, secrets, log, writer, onFatal }: AppOptions): Promise<App> {
  await using parts = new AsyncDisposableStack();
  const { path: dataDir } = openDataDir(config.dataDir);
  parts.use(acquireOwnership({ dataDir, description: `serving ${formatAddress(config.listen)}` }));
  refuseWithoutMetadata({ dataDir, metadataPath: metadataPath(dataDir) });
  // First, because a server that is refused for its keys makes nothing.
  const masterKeys = readyMasterKeys({ config, secrets, dataDir, log });
  const rootKey = loadOrMakeRootKey({ dataDir, secrets });
  if (rootKey.made) log.info({ path: rootKey.path }, 'a root key was made');

  const metadata = parts.use(await Metadata.openSqlite({ path: metadataPath(dataDir), onFatal, thread: writer }));
  const health = new Health(systemClock);
  const given = await arrange(parts, {
    config: restingWithout(masterKeys, config),
    secrets,
    dataDir,
    rootKey,
    metadata,
    masterKeys,
    health,
    onFault: faultReport({ health, log }),
    onAlarm: ({ level, text, facts }) => log[level](facts, text),
    onSpace: tellOfSpace(log),
    onDamage: (damage) => log.error(damage, 'stored bytes are damaged'),
  });
  const audit = parts.use(await openAuditLog(config, log));
  const deliveries = parts.use(new DeliveryLoop(given, log));
  const onMessage = () => deliveries.nudge();
  const jobs = parts.use(new JobLoop(given, log, { onMessage }));
  const sweeper = parts.use(new Sweeper(given, log));
  const core = createCore(given, {
    onJobStarted: (dueAtMs) => jobs.nudge(dueAtMs),
    onMessage,
    onKeyUnreadable: (unreadable) => log.error(unreadable, 'the secret of an access key cannot be opened'),
  });
  await core.accounts.ensureFirst();
  await core.vaults.noteAll();
  const otherwise = servedOtherwise(await metadata.serving.find(), config);
  if (otherwise !== undefined) log.warn(otherwise);
  await metadata.serving.save(servingOf(config));
  for (const { level, facts, text } of await core.locks.settle()) log[level](facts, text);
  // Before the API, so that it ends after it: commands are answered as long as requests run.
  const examine = () => examineHere(given, { dataDir, masterKeys, isServing: true });
  parts.use(await AdminServer.start({ dataDir, log, run: commandsOn(core, { config, audit, examine }) }));
  const watching = await startWatching(given, { listen: config.adminListen, log });
  if (watching !== undefined) parts.use(watching);
  const server = parts.use(
    await ApiServer.start({
      core,
      gate: gateOf(core, config),
      health: pageHealth(given),
      log,
      listen: config.listen,
      uploadStallTimeoutMs: config.uploadStallTimeoutMs,
      trustedProxies: rangesOf(config.trustedProxies),
      audit,
      errorForms: errorForms(config),
      ...(watching && { onRequest: watching.onRequest }),
    }),
  );
  const links = linksBelow(config.publicUrl ?? server.url);
  jobs.start();
  sweeper.start();
  deliveries.start(notifiersFor(config, { given, links }));
  const running = parts.move();
  return { url: server.url, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

const gateOf = ({ keyRing }: Core, { region }: Config): Gate => ({
  clock: systemClock,
  region,
  signingKeys: new SigningKeyCache(),
  unhashedBytes: new ByteBudget(limits.unhashedBytesAtOnceMax),
  findAccessKey: (id) => keyRing.find(id),
});

/** Without their keys nobody can tell whether archives are damaged: the scrub rests. */
const restingWithout = (masterKeys: MasterKeyRing, config: Config): Config =>
  masterKeys.problem() === undefined ? config : { ...config, scrubEveryMs: null };

const tellOfSpace =
  (log: Log): Beginnings['onSpace'] =>
  ({ isLow, places }) => {
    const shown = places.map(({ name, path, space, reserveBytes }) => {
      return { name, path, freeBytes: space.freeBytes, reserveBytes };
    });
    if (isLow)
      log.error({ places: shown }, 'a disk is almost full: uploads are refused until the reserve is free again');
    else log.warn({ places: shown }, 'the reserve is free again: uploads are taken');
  };

const pageHealth = ({ metadata, health }: Pick<Arrangement, 'metadata' | 'health'>): PageHealth => ({
  isReady: () => metadata.answers(),
  reasons: () => health.reasons().map(({ reason }) => reason),
});

/** Throws ConfigError when archives are to be encrypted and the keys are not those of before. */
function readyMasterKeys({
  config,
  secrets,
  dataDir,
  log,
}: Pick<AppOptions, 'config' | 'secrets' | 'log'> & { dataDir: string }) {
  const onMade = (path: string) => log.info({ path }, 'an encryption key was made: keep a copy of it elsewhere');
  const masterKeys = masterKeysOf({ config, secrets, dataDir, onMade });
  const problem = masterKeys.problem();
  if (problem === undefined) return masterKeys;
  if (masterKeys.encrypts) throw new ConfigError(`${problem}; --encryption none serves what is not encrypted`);
  log.warn(`${problem}; only what is not encrypted is served, and the scrub rests`);
  return masterKeys;
}

function notifiersFor(config: Config, { given, links }: { given: Arrangement; links: Links }): Notifiers {
  const { snsEndpoint: endpoint, region } = config;
  return {
    sns: endpoint === undefined ? noNotifier('--sns-endpoint is not set') : snsNotifier({ endpoint, region }),
    webhook: webhookNotifier({ ...given.notices, links, clock: systemClock }),
  };
}

/** What can be done in a data directory that no server holds. */
export interface Offline extends AsyncDisposable {
  run: (request: Request) => Promise<Response>;
}

export interface OfflineOptions {
  config: Config;
  secrets: Secrets;
  origins: Origins;
  /** What the data directory is held for, for those that find it held. */
  description: string;
}

/**
 * Takes a data directory for a moment, for commands of the operator, in the absence of a server. Throws DataDirHeldError
 * when there is one. It makes neither a directory nor a root key, which are a server's to make: a wrong --data-dir shall
 * not look like an empty server.
 */
export async function openOffline({ secrets, origins, description, ...told }: OfflineOptions): Promise<Offline> {
  await using parts = new AsyncDisposableStack();
  const found = findDataDir(told.config.dataDir);
  refuseOtherUser(found);
  const dataDir = found.path;
  parts.use(acquireOwnership({ dataDir, description }));
  refuseWithoutMetadata({ dataDir, metadataPath: metadataPath(dataDir) });
  const rootKey = findRootKey({ dataDir, secrets });
  // What fails under the database fails the one command that there is.
  const metadata = parts.use(await Metadata.openSqlite({ path: metadataPath(dataDir), onFatal: () => undefined }));
  const config = asServed(told.config, { serving: await metadata.serving.find(), origins });
  // One that is missing fails the command that needs it, and no other.
  const masterKeys = masterKeysOf({ config, secrets, dataDir });
  const given = await arrange(parts, {
    config,
    secrets,
    dataDir,
    rootKey,
    metadata,
    masterKeys,
    health: new Health(systemClock),
    // `clock show` tells of it, and the audit log of what was confirmed.
    onAlarm: () => undefined,
    onSpace: () => undefined,
    // The command shows what it has been told of.
    onDamage: () => undefined,
  });
  const core = createCore(given, {
    onJobStarted: () => undefined,
    onMessage: () => undefined,
    onKeyUnreadable: () => undefined,
  });
  const audit = parts.use(await openAuditLog(config));
  const running = parts.move();
  const examine = () => examineHere(given, { dataDir, masterKeys, isServing: false });
  const run = commandsOn(core, { config, audit, examine });
  return { run, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

export const metadataPath = (dataDir: string): string => join(dataDir, 'metadata.sqlite');

/** A single command has none to complain to. */
const NO_LOG: AuditLogOptions['log'] = { error: () => undefined, warn: () => undefined };

/** Its own directory in the data directory is made; that of another path must be there. */
export async function openAuditLog(
  { auditLog, dataDir }: Config,
  log: AuditLogOptions['log'] = NO_LOG,
): Promise<AuditLog | undefined> {
  if (auditLog === undefined) return undefined;
  const directory = dirname(auditLog.path);
  try {
    if (directory === join(dataDir, 'audit')) mkdirSync(directory, { recursive: true, mode: 0o700 });
    return await AuditLog.open({ ...auditLog, log });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`the audit log ${auditLog.path} cannot be written: ${reason}`, { cause });
  }
}

/** What the settings let through is a range, however it is spelt. */
const rangesOf = (texts: readonly string[]): Range[] =>
  texts.map((text) => {
    const range = parseRange(text);
    if (range === undefined) throw new ConfigError(`--trusted-proxies cannot use ${text}`);
    return range;
  });

/** The one way to the commands, with a server and without. */
function commandsOn(
  core: Core,
  { config, audit, examine }: { config: Config; audit: AuditLog | undefined; examine: Administration['examine'] },
): Offline['run'] {
  const { accountId: firstAccountId, region } = config;
  const administration = { core, firstAccountId, examine };
  const onCommand = (record: CommandRecord): void => {
    audit?.write(commandEvent(record, { nowMs: systemClock.nowMs(), region }));
  };
  return (request) => runCommand(request, { commands, administration, onCommand });
}
