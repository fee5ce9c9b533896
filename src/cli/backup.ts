import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { setPriority } from 'node:os';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../config/config.ts';
import { findDataDir, refuseOtherUser } from '../config/data-dir.ts';
import { syncDirectory } from '../config/durable.ts';
import { formatInstant } from '../model/instants.ts';
import { HOUR_MS } from '../model/limits.ts';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-codes.ts';
import { operatorCommand } from './operator-command.ts';
import { json, print } from './output.ts';
import { flagsOf } from './setting-options.ts';

const UNFINISHED = '.unfinished';
/** One that nobody has written to for so long is that of a backup that was killed. */
const ABANDONED_MS = HOUR_MS;
/** Behind a server on the same machine. */
const LOW_PRIORITY = 10;

/** `moraine backup`: a copy of the metadata as they are at one instant, also while they are served. */
export function backupCommand(): Command {
  const command = operatorCommand({
    usage: 'backup',
    description:
      'Copy the metadata, as they are at one instant, into a file. The server may be running. ' +
      'The bytes and the keys are not in it: docs/operations.md says what else to copy.',
    examples: ['moraine backup --data-dir /srv/moraine --to /backup/metadata-$(date +%F).sqlite'],
  });
  command.requiredOption('--to <file>', 'where to, in a directory that is there');
  command.option('--force', 'replace a file that is there');
  return command.action(() => backup(command));
}

async function backup(command: Command): Promise<void> {
  const { config } = loadConfig({ flags: flagsOf(command), env: process.env });
  const { to, force = false, json: asJson = false } = command.opts<{ to: string; force?: true; json?: true }>();
  const dataDir = findDataDir(config.dataDir);
  refuseOtherUser(dataDir);
  const from = join(dataDir.path, 'metadata.sqlite');
  if (!existsSync(from)) throw new CommandError(`there are no metadata ${from}; \`moraine rebuild\` makes them again`);
  const target = targetOf(to, dataDir.path);
  if (!force) refuseTaken(target);
  setPriority(LOW_PRIORITY);
  const { copyMetadata } = await import('../metadata/copy.ts');
  removeAbandoned(target);
  const unfinished = `${target}.${randomBytes(8).toString('hex')}${UNFINISHED}`;
  const begunAt = formatInstant(Date.now());
  try {
    closeSync(openSync(unfinished, 'wx', 0o600));
    const copied = copyMetadata({ from, to: unfinished });
    if (!force) refuseTaken(target);
    renameSync(unfinished, target);
    syncDirectory(dirname(target));
    print(asJson ? json({ path: target, begunAt, ...copied }) : rendered({ ...copied, target, begunAt }));
  } catch (cause) {
    rmSync(unfinished, { force: true });
    if (cause instanceof CommandError) throw cause;
    const exitCode = exitCodes.unexpected;
    throw new CommandError(`the metadata were not copied: ${(cause as Error).message}`, { cause, exitCode });
  }
}

const rendered = (copied: { target: string; begunAt: string; sizeBytes: number; vaults: number; archives: number }) =>
  `${copied.target}: ${copied.sizeBytes} bytes, ${copied.vaults} vaults, ${copied.archives} archives; ` +
  `everything acknowledged before ${copied.begunAt} is in it`;

/** The path of the copy, its directory resolved. What a server works with is no place for it. */
function targetOf(to: string, dataDir: string): string {
  const path = resolve(to);
  const parent = dirname(path);
  if (statSync(parent, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new CommandError(`there is no directory ${parent} to put the copy into`);
  }
  const target = join(realpathSync(parent), basename(path));
  if (`${target}${sep}`.startsWith(`${dataDir}${sep}`)) {
    throw new CommandError(`${to} is in the data directory; a copy belongs somewhere else, best on another disk`);
  }
  const present = lstatSync(target, { throwIfNoEntry: false });
  if (present !== undefined && !present.isFile()) throw new CommandError(`${to} is there and is no regular file`);
  return target;
}

function refuseTaken(target: string): void {
  if (lstatSync(target, { throwIfNoEntry: false }) === undefined) return;
  throw new CommandError(`${target} is there already; name another file, or replace it with --force`);
}

/** Half copies to this file, of backups that were killed. */
function removeAbandoned(target: string): void {
  const directory = dirname(target);
  const names = readdirSync(directory).filter(
    (name) => name.startsWith(`${basename(target)}.`) && name.includes(UNFINISHED),
  );
  for (const name of names) {
    const path = join(directory, name);
    const changedAtMs = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (changedAtMs < Date.now() - ABANDONED_MS) rmSync(path, { force: true });
  }
}
