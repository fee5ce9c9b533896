import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Bytes of a file below the blobs, by its path there. */
export interface Extent {
  path: string;
  start: number;
  end: number;
}

type Texts = ReadonlyMap<string, Buffer>;

/** Everything that is stored as blobs: not what is being written, nor records of locks. */
export function blobTexts(blobsDir: string, known: Texts = new Map()): Texts {
  const texts = new Map<string, Buffer>();
  for (const entry of readdirSync(blobsDir, { recursive: true, withFileTypes: true })) {
    const path = relative(blobsDir, join(entry.parentPath, entry.name));
    if (!entry.isFile() || /^(?:incoming|locks|vaults|lost\+found)\b/.test(path)) continue;
    const before = known.get(path);
    // A whole file never changes, and one that grows has another size.
    const isSame = before !== undefined && statSync(join(blobsDir, path)).size === before.length;
    texts.set(path, isSame ? before : readFileSync(join(blobsDir, path)));
  }
  return texts;
}

/**
 * Where what was stored between two looks lies. Nothing is known of formats: a file that is new belongs to what was stored,
 * and of one that has grown the bytes that are new.
 */
export function extentsBetween(before: Texts, after: Texts): Extent[] {
  return [...after].flatMap(([path, text]) => {
    const start = before.get(path)?.length ?? 0;
    return text.length > start ? [{ path, start, end: text.length }] : [];
  });
}
