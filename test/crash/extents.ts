import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Bytes of a file below the blobs, by its path there. */
export interface Extent {
  path: string;
  start: number;
  end: number;
}

type Texts = ReadonlyMap<string, Buffer>;

/** Everything that is stored as blobs: not what is being written, nor records of locks, vaults and keys. */
export function blobTexts(blobsDir: string, known: Texts = new Map()): Texts {
  const texts = new Map<string, Buffer>();
  for (const entry of readdirSync(blobsDir, { recursive: true, withFileTypes: true })) {
    const path = relative(blobsDir, join(entry.parentPath, entry.name));
    if (!entry.isFile() || !/^(?:[0-9a-f]{2}|segments)\//.test(path)) continue;
    const before = known.get(path);
    // Only segments change.
    texts.set(path, before === undefined || path.startsWith('segments/') ? readFileSync(join(blobsDir, path)) : before);
  }
  return texts;
}

/**
 * Where what was stored between two looks lies. Little is known of formats: a file that is new belongs to what was stored, and
 * of one that has changed what is between the first and the last byte that did; zeros may have been there before.
 */
export function extentsBetween(before: Texts, after: Texts): Extent[] {
  return [...after].flatMap(([path, text]) => {
    const old = before.get(path);
    if (old === text) return [];
    if (old === undefined && !path.startsWith('segments/')) return [{ path, start: 0, end: text.length }];
    const isSame = (index: number): boolean => (old?.[index] ?? 0) === text[index];
    let [start, end] = [0, text.length];
    while (start < end && isSame(start)) start += 1;
    while (end > start && isSame(end - 1)) end -= 1;
    return end > start ? [{ path, start, end }] : [];
  });
}
