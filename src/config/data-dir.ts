import { accessSync, chmodSync, constants, mkdirSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { syncDirectory } from './durable.ts';
import { ConfigError } from './errors.ts';

/**
 * The data directory is private, mode 0700, because everything in it is: archives, metadata and the root key. A directory
 * that others may enter is made private when it is empty or already Moraine's; one full of other files is refused, so
 * that `--data-dir /tmp` does not lock everybody out of /tmp. A symbolic link to a directory is followed: pointing at
 * another disk that way is common, and the mode is that of the directory itself.
 */
export interface DataDir {
  /** Absolute, symbolic links resolved. */
  readonly path: string;
}

const PRIVATE = 0o700;
const OPEN_TO_OTHERS = 0o077;
const LOCK_NAME = 'owner.lock';
const MADE_BY_MORAINE = [LOCK_NAME, 'credentials'];
const NAME_ANOTHER = '`moraine serve` makes one, and --data-dir or MORAINE_DATA_DIR name another';
/** File systems put it at their root, so it is in every directory that is a mount point. */
const NOT_A_FILE_OF_ANYBODY = 'lost+found';

/** Makes the data directory, durably, or checks the one that is there. Writes nothing into it. Throws ConfigError. */
export function openDataDir(path: string): DataDir {
  try {
    make(path);
    const real = realpathSync(path);
    const stats = statSync(real);
    if (!stats.isDirectory()) throw new ConfigError(`the data directory ${path} must be a directory`);
    makePrivate(real, stats);
    accessSync(real, constants.R_OK | constants.W_OK | constants.X_OK);
    return { path: real };
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(`the data directory ${path} cannot be used: ${reasonOf(cause)}`, { cause });
  }
}

/** The data directory that a server has made, with nothing changed. Throws ConfigError when there is none. */
export function findDataDir(path: string): DataDir {
  try {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) {
      throw new ConfigError(`there is no data directory ${path}; ${NAME_ANOTHER}`);
    }
    const real = realpathSync(path);
    if (!readdirSync(real).includes(LOCK_NAME)) {
      throw new ConfigError(`${path} is no data directory of Moraine; ${NAME_ANOTHER}`);
    }
    return { path: real };
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(`the data directory ${path} cannot be used: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * A data directory of which at least the bytes are there, whoever has put them there; returns its path, links resolved. It is
 * made private as at the start of a server. Throws ConfigError.
 */
export function findBytes(path: string): string {
  const blobs = join(path, 'blobs');
  if (statSync(blobs, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new ConfigError(`there is no directory ${blobs}, so there is nothing to make metadata from`);
  }
  const found = openDataDir(path);
  if (readdirSync(found.path).includes(LOCK_NAME)) refuseOtherUser(found);
  return found.path;
}

/**
 * Who works in a data directory without its server must be the user that the server runs as, which made the lock file: what
 * another one made, root above all, the server could not open. Throws ConfigError.
 */
export function refuseOtherUser({ path }: DataDir, userId: number | undefined = process.geteuid?.()): void {
  const { uid } = statSync(join(path, LOCK_NAME));
  if (userId === undefined || userId === uid) return;
  throw new ConfigError(
    `the data directory ${path} is that of a server that runs as the user with the id ${uid}; ` +
      'run the command as that user',
  );
}

/** One directory after the other: Node's own `recursive` never returns where the kernel says ENOENT, as it does in /proc. */
function make(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
  const parent = dirname(path);
  if (parent !== path) make(parent);
  try {
    mkdirSync(path, { mode: PRIVATE });
  } catch (error) {
    // Another server that starts now was quicker; which of the two goes on is decided by the lock.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw error;
  }
  // A umask may have taken away more than was asked for.
  chmodSync(path, PRIVATE);
  syncDirectory(parent);
}

function makePrivate(path: string, { mode }: Stats): void {
  if ((mode & OPEN_TO_OTHERS) === 0) return;
  const names = readdirSync(path).filter((name) => name !== NOT_A_FILE_OF_ANYBODY);
  const shownMode = (mode & 0o7777).toString(8).padStart(4, '0');
  if (names.length > 0 && !MADE_BY_MORAINE.some((name) => names.includes(name))) {
    throw new ConfigError(
      `the data directory ${path} is open to other users (mode ${shownMode}) and holds files that are not Moraine's; ` +
        'name an empty directory, or make this one private with chmod 700',
    );
  }
  try {
    chmodSync(path, PRIVATE);
  } catch (cause) {
    throw new ConfigError(
      `the data directory ${path} is open to other users (mode ${shownMode}) and cannot be made private ` +
        `(${reasonOf(cause)}); name a directory below it`,
      { cause },
    );
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
