import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DiskBlobStore } from './blobs/disk.ts';
import { DiskLockRecords } from './blobs/disk-lock-records.ts';
import { DiskVaultRecords } from './blobs/disk-vault-records.ts';
import { KeyRecord } from './blobs/key-record.ts';
import { MasterKeyRing } from './blobs/master-key-ring.ts';
import type { MasterKeys } from './blobs/master-keys.ts';
import { StoreRefusedError } from './blobs/store-copies.ts';
import type { OnFault } from './blobs/store-faults.ts';
import { readStoreRecord } from './blobs/store-record.ts';
import type { Config, Secrets } from './config/config.ts';
import type { RootKey } from './config/credentials.ts';
import { EncryptionKeys } from './config/encryption-keys.ts';
import { ConfigError } from './config/errors.ts';
import { SecretsKey } from './config/secrets-key.ts';
import { mirrorOf, type Origins } from './config/served.ts';
import type { Arrangement, StartingKey } from './core/arrangement.ts';
import type { CheckStores } from './core/check-stores.ts';
import { DiskSpace, type DiskSpaceOptions, type SpacePlace } from './core/disk-space.ts';
import { Downloads } from './core/downloads.ts';
import { FramePool } from './core/frame-pool.ts';
import { LockBook } from './core/lock-book.ts';
import { RetentionClock, type RetentionClockOptions } from './core/retention-clock.ts';
import { isOfAnotherKey, SEAL_BEGINNING_LENGTH } from './core/sealing.ts';
import { DiskGate } from './files/disk-gate.ts';
import { chooseFrameWork } from './frames/choose.ts';
import type { FrameWork } from './frames/frame-work.ts';
import type { Metadata } from './metadata/metadata.ts';
import { openToCheck } from './metadata/reader.ts';
import { systemClock } from './model/clock.ts';
import type { StoredArchive } from './model/fixity.ts';
import { limits } from './model/limits.ts';
import { addressRules } from './notify/addresses.ts';
import { signingKeyIn } from './notify/signing-key.ts';
import { systemLookup } from './notify/webhook-url.ts';
import { openSelectOutput } from './select-output/open.ts';
import { FixityLog } from './telemetry/fixity-log.ts';
import type { Health } from './telemetry/health.ts';

/** The directory of the fixity log, in the data directory. */
export const FIXITY = 'fixity';

/** What an arrangement begins with: the settings, and the parts that come before the others. */
export interface Beginnings {
  config: Config;
  secrets: Secrets;
  dataDir: string;
  rootKey: RootKey;
  metadata: Metadata;
  masterKeys: MasterKeyRing;
  health: Health;
  /** Told what the blob store comes across. */
  onFault?: OnFault;
  onAlarm: RetentionClockOptions['onAlarm'];
  onSpace: DiskSpaceOptions['onChange'];
  /** Told of damage, once the health of the server says so. */
  onDamage: Arrangement['onDamage'];
}

/** What the metadata can be made again from. */
export type Bytes = Pick<Arrangement, 'blobs' | 'lockBook' | 'vaultRecords'>;

/** Opens the bytes in a data directory that this process owns, with the records beside them. */
export async function openBytes(parts: AsyncDisposableStack, place: BlobPlace): Promise<Bytes> {
  const blobs = parts.use(await openBlobStore(place));
  // A mirror that is not there is left alone by the records, too.
  const inEach = (name: string) => blobs.roots.map((copy) => join(copy, name));
  return {
    blobs,
    lockBook: await LockBook.open(await DiskLockRecords.open(inEach('locks'))),
    vaultRecords: await DiskVaultRecords.open(inEach('vaults')),
  };
}

/** Opens the other stores of a data directory that this process owns. */
export async function arrange(parts: AsyncDisposableStack, beginnings: Beginnings): Promise<Arrangement> {
  const { config, secrets, dataDir, metadata, health, onFault } = beginnings;
  const { accessKeyId, secretAccessKey, path: origin = 'the environment' } = beginnings.rootKey;
  const rootKey: StartingKey = { accessKeyId, secretAccessKey, accountId: config.accountId, origin };
  const secretsKey = SecretsKey.load({ dataDir, fromEnvironment: secrets.secretsKey });
  await checkKeys({ metadata, rootKey, secretsKey });
  const frames = chooseFrameWork(config.native === 'off' ? { prefer: 'plain' } : {});
  const { blobs, lockBook, vaultRecords } = await openBytes(parts, { ...beginnings, frames, onFault });
  const selectOutput = parts.use(await openSelectOutput(config, dataDir));
  const retention = parts.use(await openRetentionClock(metadata, { lockBook, ...beginnings }));
  const signingKey = signingKeyIn({ path: join(dataDir, 'notify-signing.pem'), clock: systemClock });
  return {
    metadata,
    blobs,
    space: new DiskSpace({
      places: spacePlaces({ dataDir, config }),
      reserve: config.diskReserve,
      health,
      monotonicMs: () => performance.now(),
      onChange: beginnings.onSpace,
    }),
    frames: new FramePool({ allocate: frames.allocate }),
    downloads: new Downloads(),
    clock: systemClock,
    health,
    rootKey,
    secretsKey,
    retention,
    lockBook,
    vaultRecords,
    region: config.region,
    retrievalTimes: config.retrievalTimes,
    retrievalLimits: config.retrievalLimits,
    inventory: config.inventory,
    jobRetentionMs: config.jobRetentionMs,
    selectOutputBytesMax: config.selectOutputBytesMax,
    selectStrict: config.selectStrict,
    notices: {
      throughSns: config.snsEndpoint !== undefined,
      signingKey: signingKey.findOrMake,
      findSigningKey: signingKey.find,
      rules: addressRules(config.webhookNetworks),
      lookup: systemLookup,
    },
    selectOutput,
    fixityLog: parts.use(await FixityLog.open(join(dataDir, FIXITY))),
    onDamage: toldOfDamage(beginnings),
    scrubEveryMs: config.scrubEveryMs,
  };
}

/** The bytes of a data directory that this process owns. Throws ConfigError when the mirror is not one of theirs. */
export async function openBlobStore(place: BlobPlace): Promise<DiskBlobStore> {
  const { dataDir, config, masterKeys, frames = chooseFrameWork(), onFault = () => undefined } = place;
  const calls = new DiskGate({ atOnceMax: limits.fileCallsAtOnceMax, callMsMax: limits.fileCallMsMax });
  place.health?.watch('disk-hung', () => calls.hung.length > 0);
  const { first, mirror } = blobDirectories({ dataDir, config });
  try {
    return await DiskBlobStore.open(first, { mirror, masterKeys, frames, calls, onFault });
  } catch (error) {
    if (error instanceof StoreRefusedError) throw new ConfigError(error.message, { cause: error });
    throw error;
  }
}

interface BlobPlace {
  dataDir: string;
  config: Config;
  masterKeys: MasterKeys;
  frames?: FrameWork;
  /** Told when a disk hangs. */
  health?: Health;
  onFault?: OnFault | undefined;
}

/** A mirror looks like a data directory, so that it can become one. */
function blobDirectories({ dataDir, config }: Pick<BlobPlace, 'dataDir' | 'config'>) {
  const mirror = config.mirror === undefined ? undefined : join(config.mirror, 'blobs');
  return { first: join(dataDir, 'blobs'), mirror };
}

/** Whether the bytes in a data directory have a mirror, or once had one. */
export async function isMirrored(dataDir: string): Promise<boolean> {
  return (await readStoreRecord(join(dataDir, 'blobs')))?.mirrored === true;
}

/** The file systems that uploads must not fill. */
function spacePlaces(place: Pick<BlobPlace, 'dataDir' | 'config'>): SpacePlace[] {
  const { first, mirror } = blobDirectories(place);
  return [
    { name: 'metadata', path: place.dataDir },
    { name: 'blobs', path: first },
    ...(mirror === undefined ? [] : [{ name: 'mirror' as const, path: mirror }]),
  ];
}

/** The keys of a data directory that this process owns. Those in the file and those of the command are not read yet. */
export function masterKeysOf({ config, secrets, dataDir, onMade }: KeyPlace): MasterKeyRing {
  const encrypts = config.encryption !== 'none';
  return new MasterKeyRing({ ...keysOf({ config, secrets, dataDir }), encrypts, ...(onMade && { onMade }) });
}

/** The operator's keys, and the record of what they have wrapped. */
export function keysOf({ config, secrets, dataDir }: KeyPlace): { keys: EncryptionKeys; record: KeyRecord } {
  const { first, mirror } = blobDirectories({ dataDir, config });
  return {
    keys: EncryptionKeys.of({ dataDir, config, secrets }),
    record: KeyRecord.open(mirror === undefined ? [first] : [first, mirror]),
  };
}

/** A data directory that this process owns, and what its keys come from. */
export interface KeyPlace {
  config: Config;
  secrets: Secrets;
  dataDir: string;
  onMade?: (path: string) => void;
}

/**
 * Opens the stores of a data directory to read them, whoever owns it. Throws ConfigError, also when `readsBytes` and a key
 * that archives are encrypted under is not there; for everything else none is needed.
 */
export async function openForCheck(
  parts: AsyncDisposableStack,
  {
    config: told,
    secrets,
    dataDir,
    origins,
    readsBytes,
  }: Pick<Beginnings, 'config' | 'secrets' | 'dataDir'> & { origins: Origins; readsBytes: boolean },
): Promise<CheckStores> {
  const path = join(dataDir, 'metadata.sqlite');
  if (!existsSync(path))
    throw new ConfigError(`there are no metadata in ${dataDir}; \`moraine rebuild\` makes them again`);
  const metadata = parts.use(await openToCheck({ kind: 'sqlite', path }));
  const serving = await metadata.serving.find();
  const config = { ...told, mirror: mirrorOf(told, { serving, origins }) };
  const { first, mirror } = blobDirectories({ dataDir, config });
  const masterKeys = masterKeysOf({ config, secrets, dataDir });
  const problem = readsBytes ? masterKeys.problem() : undefined;
  if (problem !== undefined) throw new ConfigError(problem);
  const blobs = parts.use(await DiskBlobStore.openToRead(first, { mirror, masterKeys }));
  const lockBook = await LockBook.open(DiskLockRecords.openToRead(blobs.roots.map((copy) => join(copy, 'locks'))));
  const region = serving?.region ?? config.region;
  return { metadata, blobs, lockBook, region };
}

/** Somebody who reads knows the blob and not the archive. An archive that is gone meanwhile is nobody's concern. */
function toldOfDamage({ metadata, health, onDamage }: Beginnings): Arrangement['onDamage'] {
  return (damage) => {
    onDamage(damage);
    const { blobId, what } = damage;
    if (blobId === undefined) return;
    const note = (found: StoredArchive | undefined) => {
      if (found !== undefined) health.noteDamage({ archiveId: found.id, blobId, what, atMs: systemClock.nowMs() });
    };
    // A failure of the metadata is heard of by everybody else.
    metadata.fixity.findByBlob(blobId).then(note, () => undefined);
  };
}

function openRetentionClock(
  metadata: Metadata,
  { config, lockBook, onAlarm }: Pick<Beginnings, 'config' | 'onAlarm'> & { lockBook: LockBook },
): Promise<RetentionClock> {
  return RetentionClock.open({
    records: metadata.retentionClock,
    clock: systemClock,
    monotonicMs: () => performance.now(),
    toleranceMs: config.clockToleranceMs,
    wasLocked: () => !lockBook.isEmpty,
    onAlarm,
  });
}

/** The keys in the database must go with what the server is started with. Throws ConfigError. */
async function checkKeys({
  metadata,
  rootKey,
  secretsKey,
}: {
  metadata: Metadata;
  rootKey: StartingKey;
  secretsKey: SecretsKey;
}): Promise<void> {
  const { accessKeyId, origin } = rootKey;
  if (await metadata.keys.has(accessKeyId)) {
    throw new ConfigError(`the root key ${accessKeyId} from ${origin} has the id of another key; take another id`);
  }
  const page = { length: SEAL_BEGINNING_LENGTH, limit: limits.sealBeginningsMax };
  const beginnings = await metadata.keys.sealBeginnings(page);
  if (!beginnings.some((beginning) => isOfAnotherKey(beginning, secretsKey.find()))) return;
  const found = secretsKey.find() === undefined ? 'there is no' : 'another key is in';
  throw new ConfigError(
    `the secrets of access keys in the metadata were sealed with a key that is not here: ${found} ${secretsKey.origin}; ` +
      'put the right file back, or set MORAINE_SECRETS_KEY',
  );
}
