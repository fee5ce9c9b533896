import { chmodSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '../config/errors.ts';
import { type Clock, systemClock } from '../model/clock.ts';
import { formatInstant } from '../model/instants.ts';

/**
 * One server at a time in a data directory. What decides is SQLite's exclusive lock on `owner.lock`, which the kernel lets
 * go when its process ends, however it ends; a file with a process id in it would outlive a kill -9. Who holds the lock
 * is written beside it in `owner.json`, for people only.
 *
 * The lock file is never opened by other means than SQLite: closing any descriptor of a file drops all locks that the
 * process has on it (fcntl(2), "Record locks"; sqlite.org "How To Corrupt", 2.2). It is never deleted either, because a
 * second server could then lock a new file of that name.
 */
export interface Ownership extends Disposable {
  readonly dataDir: string;
}

/** Another process has the data directory; the message says which. */
export class DataDirHeldError extends ConfigError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DataDirHeldError';
  }
}

const SQLITE_BUSY = 5;
const SHOWN_LENGTH_MAX = 200;
const PRIVATE = 0o600;

/**
 * Takes the data directory for this process or throws DataDirHeldError without waiting. `description` says what the
 * holder does with it (`serving 127.0.0.1:7400`), for the message that the next one gets.
 */
export function acquireOwnership(options: { dataDir: string; description: string; clock?: Clock }): Ownership {
  const { dataDir, description, clock = systemClock } = options;
  const lock = takeLock(dataDir);
  const holderPath = join(dataDir, 'owner.json');
  try {
    const startedAt = formatInstant(clock.nowMs());
    writeHolder(holderPath, { pid: process.pid, host: hostname(), description, startedAt });
  } catch (cause) {
    lock.close();
    throw new ConfigError(`the data directory ${dataDir} cannot be written: ${(cause as Error).message}`, { cause });
  }
  let held = true;
  return {
    dataDir,
    [Symbol.dispose]() {
      if (!held) return;
      held = false;
      // First the name, then the lock: the next holder must not lose its own.
      rmSync(holderPath, { force: true });
      lock.close();
    },
  };
}

function takeLock(dataDir: string): DatabaseSync {
  const path = join(dataDir, 'owner.lock');
  let lock: DatabaseSync | undefined;
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error(`${path} is no regular file`);
    lock = new DatabaseSync(path, { timeout: 0 });
    lock.exec('pragma journal_mode = memory; begin exclusive');
    chmodSync(path, PRIVATE);
    return lock;
  } catch (cause) {
    lock?.close();
    if ((cause as { errcode?: number }).errcode === SQLITE_BUSY) {
      throw new DataDirHeldError(`the data directory ${dataDir} is held by ${holderOf(dataDir)}`, { cause });
    }
    throw new ConfigError(`the data directory ${dataDir} cannot be locked: ${(cause as Error).message}`, { cause });
  }
}

interface Holder {
  pid: number;
  host: string;
  description: string;
  startedAt: string;
}

function writeHolder(path: string, holder: Holder): void {
  const unfinished = `${path}.unfinished`;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, `${JSON.stringify(holder)}\n`, { flag: 'wx', mode: PRIVATE });
  renameSync(unfinished, path);
}

/** The holder may be about to write its name, or about to go, so a missing or broken one is nothing to fail for. */
function holderOf(dataDir: string): string {
  try {
    const holder = JSON.parse(readFileSync(join(dataDir, 'owner.json'), 'utf8')) as Record<keyof Holder, unknown>;
    const { pid, host, description, startedAt } = holder;
    const words = `process ${pid} on ${host}, ${description}, since ${startedAt}`;
    const complete = Number.isInteger(pid) && [host, description, startedAt].every((part) => typeof part === 'string');
    if (complete && words.length <= SHOWN_LENGTH_MAX && !/\p{Cc}/u.test(words)) return words;
  } catch {
    // Said below.
  }
  return 'another process, which has not said which one it is';
}
