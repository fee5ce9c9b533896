import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from './program.ts';

/**
 * A wall clock that can be moved under a running server, by libfaketime (`LIBFAKETIME` names it where it is not in the usual
 * place); timers and the monotonic clock stay right.
 */
const USUAL = '/usr/lib';
/** Where the whole tier of the fault tests puts what it fetches. */
const FETCHED = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'fault-tools', 'root', 'usr', 'lib');

const library = [
  process.env.LIBFAKETIME ?? '',
  ...[USUAL, FETCHED].flatMap((lib) =>
    (existsSync(lib) ? readdirSync(lib) : []).map((name) => `${lib}/${name}/faketime/libfaketimeMT.so.1`),
  ),
].find((path) => path !== '' && existsSync(path));

/** Why no clock can be moved here, or undefined when one can. A reason is printed, so that no run passes in silence. */
export const fakeClockMissing: string | undefined = library === undefined ? 'libfaketime is not installed' : undefined;
if (fakeClockMissing !== undefined) {
  console.warn(`not run: ${fakeClockMissing}, so no test moves the clock of a running server`);
}

/** What a program is started with so that `setClock` moves its clock. */
export const fakeClock = (offsetFile: string): Environment => ({
  LD_PRELOAD: library,
  FAKETIME_TIMESTAMP_FILE: offsetFile,
  FAKETIME_NO_CACHE: '1',
  DONT_FAKE_MONOTONIC: '1',
});

export const setClock = (offsetFile: string, days: number): void =>
  writeFileSync(offsetFile, `${days < 0 ? '' : '+'}${days}d\n`);
