import { cpSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { newDirectory } from './places.ts';

export interface CopyAlone extends Disposable {
  dataDir: string;
}

/** A data directory with the bytes of one copy of a stopped store, `blobs` in the data directory or in the mirror. */
export function copyAlone({ dataDir, blobs }: { dataDir: string; blobs: string }): CopyAlone {
  const directory = newDirectory('alone');
  for (const { name } of readdirSync(dataDir, { withFileTypes: true }).filter((entry) => entry.isFile())) {
    cpSync(join(dataDir, name), join(directory, name), { preserveTimestamps: true });
  }
  symlinkSync(blobs, join(directory, 'blobs'));
  return { dataDir: directory, [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }) };
}
