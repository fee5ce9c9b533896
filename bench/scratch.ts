import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * What a benchmark leaves behind is nothing: temporary directories are removed and programs it started are ended however
 * the run ends, by Ctrl-C too. Only kill -9 of the benchmark itself leaves something.
 */
const directories = new Set<string>();
const processGroups = new Set<number>();
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

process.on('exit', () => {
  for (const group of processGroups) endGroup(group);
  for (const path of directories) remove(path);
});
for (const [signal, code] of Object.entries(SIGNALS)) process.on(signal, () => process.exit(code));

/** A temporary directory, removed on disposal. */
export interface Scratch extends Disposable {
  readonly path: string;
}

export function makeScratch(): Scratch {
  const path = mkdtempSync(join(tmpdir(), 'moraine-bench-'));
  directories.add(path);
  return {
    path,
    [Symbol.dispose]() {
      remove(path);
      directories.delete(path);
    },
  };
}

/** Ends the process group should the benchmark end first; the result calls that off. */
export function endWithUs(group: number): () => void {
  processGroups.add(group);
  return () => processGroups.delete(group);
}

/** Ends every process of a group at once; one that is gone already is no error. */
export function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A program that was killed a moment ago may still be writing its last file. */
function remove(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
