import { lstat, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, makeDirectory, syncDirectory } from '../files/durable.ts';
import { OutputRefusedError } from './select-output.ts';

/**
 * Directories below the folder of the output. None is ever a link: what somebody has linked to from there shall neither be
 * written nor deleted.
 */
export interface Place {
  root: string;
  /** From the root on. */
  names: readonly string[];
}

/** Makes what is missing; the paths of all, the root first. Throws OutputRefusedError where something else is in the way. */
export async function makeDirectories({ root, names }: Place): Promise<string[]> {
  const paths = [root];
  for (const name of names) {
    const path = join(paths.at(-1) ?? root, name);
    await makeDirectory(path);
    if (!(await isDirectory(path))) throw inTheWay();
    paths.push(path);
  }
  return paths;
}

/** The directory, unless it is not there or something on the way to it is none. */
export async function findDirectory({ root, names }: Place): Promise<string | undefined> {
  let path = root;
  for (const name of names) {
    path = join(path, name);
    if (!(await isDirectory(path))) return undefined;
  }
  return path;
}

/**
 * Removes the directory if it is empty, and those above it that are empty then, but not the first, which is the bucket's;
 * makes durable that they are gone, and what was deleted in the last that stays.
 */
export async function prune({ root, names }: Place, { depthMin }: { depthMin: number }): Promise<void> {
  for (let depth = names.length; depth >= depthMin; depth -= 1) {
    const path = join(root, ...names.slice(0, depth));
    if (depth === depthMin || !(await removeEmpty(path))) {
      await syncDirectory(path);
      return;
    }
  }
}

/** Whether it is gone. */
export async function removeEmpty(path: string): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOTEMPTY') || isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

export const inTheWay = (): OutputRefusedError =>
  new OutputRefusedError(
    'InvalidRequest',
    'On this disk an object cannot have the name of another one that goes on with a slash, nor be reached by a link.',
  );

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].some((code) => isErrno(error, code))) return false;
    throw error;
  }
}
