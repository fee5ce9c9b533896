import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { syncDirectory, writeFileDurably } from './durable.ts';
import { ConfigError } from './errors.ts';

/** While this file is there, the metadata may lack archives whose bytes are there: nobody may sweep those away. */
const MARK = 'rebuilding';
const MARK_TEXT = 'The metadata of this directory are being made again. Run `moraine rebuild` to its end.\n';
const BLOB_DIRECTORY = /^[0-9a-f]{2}$/;
const VAULT_RECORD = /\.json$/;

/** Says, durably, that the metadata are being made again. */
export const markRebuilding = (dataDir: string): void => writeFileDurably(join(dataDir, MARK), MARK_TEXT);

/** Says, durably, that they are whole. */
export function unmarkRebuilding(dataDir: string): void {
  syncDirectory(dataDir);
  rmSync(join(dataDir, MARK), { force: true });
  syncDirectory(dataDir);
}

/**
 * Nothing is served from metadata that lack what the bytes have: clients would be told that their archives are not there, and
 * after a week the bytes would be swept away. Throws ConfigError.
 */
export function refuseWithoutMetadata({ dataDir, metadataPath }: { dataDir: string; metadataPath: string }): void {
  if (existsSync(join(dataDir, MARK))) {
    throw new ConfigError(
      `the metadata in ${dataDir} were being made again and that was cut off; run \`moraine rebuild\` again`,
    );
  }
  if (existsSync(metadataPath) || !holdsBytes(join(dataDir, 'blobs'))) return;
  throw new ConfigError(
    `there are vaults or archives in ${dataDir} and no metadata for them: put a backup in place as ${metadataPath}, ` +
      'or run `moraine rebuild`, which makes the metadata again from the bytes',
  );
}

/** Whether there is a record of a vault, or a file of an archive: those of earlier versions have no such records. */
function holdsBytes(blobsDirectory: string): boolean {
  if (namesIn(join(blobsDirectory, 'vaults')).some((name) => VAULT_RECORD.test(name))) return true;
  const directories = namesIn(blobsDirectory).filter((name) => BLOB_DIRECTORY.test(name));
  return directories.some((name) => namesIn(join(blobsDirectory, name)).length > 0);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
