import { chmodSync, lstatSync } from 'node:fs';
import { ConfigError } from './errors.ts';

const PRIVATE = 0o600;
const OPEN_TO_OTHERS = 0o077;

/**
 * Whether there is a file with a secret at this path. One that others may read is set back to 0600, which is enough because
 * nobody else could have entered the data directory. Throws ConfigError for anything but a regular file.
 */
export function hasPrivateFile(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  if (!stats.isFile()) throw new ConfigError(`${path} must be a regular file`);
  if ((stats.mode & OPEN_TO_OTHERS) !== 0) chmodSync(path, PRIVATE);
  return true;
}
