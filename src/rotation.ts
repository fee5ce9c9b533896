import { commandEvent } from './admin/audit.ts';
import { metadataPath, openAuditLog } from './app.ts';
import { isMirrored, keysOf, openBlobStore } from './arrange.ts';
import { type Rotated, rotateKeys } from './blobs/rotate-keys.ts';
import type { Config, Secrets } from './config/config.ts';
import { findDataDir, refuseOtherUser } from './config/data-dir.ts';
import { ConfigError } from './config/errors.ts';
import { asServed, type Origins } from './config/served.ts';
import { Metadata } from './metadata/metadata.ts';
import { acquireOwnership, DataDirHeldError } from './metadata/owner.ts';
import { systemClock } from './model/clock.ts';

export interface RotationOptions {
  config: Config;
  secrets: Secrets;
  origins: Origins;
  onProgress: (lookedAt: number) => void;
}

/** Changes the encryption key of a data directory that no server holds. Throws ConfigError, and has changed nothing then. */
export async function rotateOffline({ secrets, origins, onProgress, ...told }: RotationOptions): Promise<Rotated> {
  await using parts = new AsyncDisposableStack();
  const found = findDataDir(told.config.dataDir);
  refuseOtherUser(found);
  const dataDir = found.path;
  parts.use(ownershipOf(dataDir));
  const metadata = parts.use(await Metadata.openSqlite({ path: metadataPath(dataDir), onFatal: () => undefined }));
  const config = asServed(told.config, { serving: await metadata.serving.find(), origins });
  const audit = parts.use(await openAuditLog(config));
  const record = (rest: { outcome: 'done' | 'refused' | 'failed'; refusal?: string }): void => {
    const event = { command: 'encryption.rotate', input: {}, ...rest };
    audit?.write(commandEvent(event, { nowMs: systemClock.nowMs(), region: config.region }));
  };
  try {
    await refuseWithoutMirror({ config, dataDir });
    const place = keysOf({ config, secrets, dataDir });
    const rotated = await rotateKeys({
      ...place,
      openStore: (masterKeys) => openBlobStore({ dataDir, config, masterKeys }),
      onProgress,
    });
    record({ outcome: rotated.failed.size === 0 ? 'done' : 'failed' });
    return rotated;
  } catch (error) {
    record(error instanceof ConfigError ? { outcome: 'refused', refusal: error.message } : { outcome: 'failed' });
    throw error;
  }
}

/** The key that a mirror still needs must not go, and this process would not know. */
async function refuseWithoutMirror({ config, dataDir }: { config: Config; dataDir: string }): Promise<void> {
  if (config.mirror !== undefined || !(await isMirrored(dataDir))) return;
  throw new ConfigError(
    'the store has a mirror, which would go on needing the key of before: say where it is with --mirror or MORAINE_MIRROR',
  );
}

function ownershipOf(dataDir: string) {
  try {
    return acquireOwnership({ dataDir, description: 'running the command encryption.rotate' });
  } catch (error) {
    if (!(error instanceof DataDirHeldError)) throw error;
    throw new ConfigError(`${error.message}; keys are rotated while no server runs`, { cause: error });
  }
}
