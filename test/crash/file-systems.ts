import { execFile } from 'node:child_process';
import { existsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { absenceOf } from '../support/foreign-programs.ts';
import { isWhole } from './tiers.ts';

/** The file systems that disks of the tests are made with. */
export type FileSystem = 'ext4' | 'xfs';

const ROOT = join(import.meta.dirname, '..', '..');
const CACHE = join(ROOT, 'node_modules', '.cache', 'fault-tools');
const FETCHED = join(CACHE, 'root');
const FETCH_MS_MAX = 5 * 60_000;
const run = promisify(execFile);

/** Where programs that were fetched are, and their libraries. */
const env = {
  ...process.env,
  PATH: [process.env.PATH, join(FETCHED, 'sbin'), join(FETCHED, 'usr', 'sbin')].join(':'),
  LD_LIBRARY_PATH: ['usr/lib', 'lib'].map((directory) => join(FETCHED, directory, libraries())).join(':'),
};

/**
 * Why disks with this file system cannot be had here, or undefined when they can. What XFS needs is fetched from Debian by the
 * whole tier, where apt-get can; the short one uses it when it is there.
 */
export async function absenceOfDisks(fileSystem: FileSystem): Promise<string | undefined> {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) return said('disks of a test take mounts, which only root may make');
  if (!existsSync('/dev/loop-control')) return said('this machine has no loop devices');
  const missing = (await absenceOf('perl', ['-e', '1'])) ?? (await absenceOf('fsfreeze', ['--version']));
  if (missing !== undefined || fileSystem === 'ext4') return missing ?? (await absenceOf('mkfs.ext4', ['-V']));
  if (isWhole) await run(join(ROOT, 'tools', 'fetch-fault-tools.sh'), [CACHE], { timeout: FETCH_MS_MAX }).catch(said);
  const { error } = await tried('mkfs.xfs', ['-V']);
  return error === undefined ? undefined : said('no mkfs.xfs; `npm run test:faults` fetches one where apt-get can');
}

/** Makes an image of a new file system. */
export async function makeFileSystem(wanted: {
  fileSystem: FileSystem;
  image: string;
  sizeBytes: number;
  make?: readonly string[];
}): Promise<void> {
  const { fileSystem, image, sizeBytes, make = [] } = wanted;
  writeFileSync(image, '');
  truncateSync(image, sizeBytes);
  const { error } = await tried(`mkfs.${fileSystem}`, ['-q', ...make, image]);
  if (error !== undefined) throw error;
}

async function tried(program: string, args: readonly string[]): Promise<{ error?: unknown }> {
  try {
    await run(program, args, { env });
    return {};
  } catch (error) {
    return { error };
  }
}

function said(reason: unknown): string {
  const text = reason instanceof Error ? reason.message : String(reason);
  process.stderr.write(`\nnot run: ${text}\n`);
  return text;
}

/** Debian's name for the processor, in paths of libraries. */
function libraries(): string {
  return process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
}
