import { existsSync, rmSync } from 'node:fs';
import { metadataPath } from './app.ts';
import { masterKeysOf, openBytes } from './arrange.ts';
import type { Config, Secrets } from './config/config.ts';
import { findBytes } from './config/data-dir.ts';
import { ConfigError } from './config/errors.ts';
import { markRebuilding, unmarkRebuilding } from './config/rebuilding.ts';
import { Rebuild, type RebuildListeners } from './core/rebuild.ts';
import type { RebuildReport } from './core/rebuild-report.ts';
import { copyMetadata, integrityFault } from './metadata/copy.ts';
import { Metadata } from './metadata/metadata.ts';
import { acquireOwnership } from './metadata/owner.ts';

export interface RebuildOptions extends RebuildListeners {
  config: Config;
  secrets: Secrets;
  /** Whether to tell what would be done, and do it to a copy. */
  dryRun: boolean;
}

/** Makes the metadata of a data directory again from its bytes, in the absence of a server. */
export async function rebuildMetadata(options: RebuildOptions): Promise<RebuildReport> {
  const { config, secrets, dryRun, ...listeners } = options;
  await using parts = new AsyncDisposableStack();
  const dataDir = findBytes(config.dataDir);
  parts.use(acquireOwnership({ dataDir, description: 'making the metadata again' }));
  const path = metadataPath(dataDir);
  refuseDamaged(path);
  const trial = `${path}.trial`;
  removeDatabase(trial);
  if (dryRun) {
    parts.defer(() => removeDatabase(trial));
    if (existsSync(path)) copyMetadata({ from: path, to: trial });
  } else markRebuilding(dataDir);
  const report = await rebuildInto(dryRun ? trial : path, { config, secrets, dataDir, listeners });
  if (!dryRun) unmarkRebuilding(dataDir);
  return report;
}

async function rebuildInto(
  path: string,
  { listeners, ...place }: { config: Config; secrets: Secrets; dataDir: string; listeners: RebuildListeners },
): Promise<RebuildReport> {
  await using parts = new AsyncDisposableStack();
  const onFatal = (error: unknown): never => {
    throw error;
  };
  const metadata = parts.use(await Metadata.openSqlite({ path, onFatal }));
  // The lists of parts are sealed as all bytes are.
  const masterKeys = masterKeysOf(place);
  return await new Rebuild({ metadata, ...(await openBytes(parts, { ...place, masterKeys })) }, listeners).run();
}

/** The metadata are added to, never replaced: what they know of deletions, keys and policies the bytes do not say. */
function refuseDamaged(path: string): void {
  const fault = existsSync(path) ? integrityFault(path) : undefined;
  if (fault === undefined) return;
  throw new ConfigError(
    `the metadata ${path} are damaged (${fault}), and nothing was changed. To make them again from the bytes, move them away: ` +
      `mkdir ${path}.damaged && mv ${path} ${path}-* ${path}.damaged/ ; then run the command again`,
  );
}

function removeDatabase(path: string): void {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(path + end, { force: true });
}
