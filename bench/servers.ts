import { basename, join } from 'node:path';
import { MIB } from '../src/model/limits.ts';
import { Program } from './program.ts';

/** The programs that are compared: Moraine as its users start it, and a bare `node:http` server beside it. */
export const ROOT = join(import.meta.dirname, '..');

export const ACCESS_KEY = {
  accessKeyId: 'AKIABENCHBENCHBENCH0',
  secretAccessKey: 'bench-secret-bench-secret-bench-secret00',
};

/** Jobs that wait until long after the benchmark. */
export const NOT_DUE = 'expedited=24h,standard=24h,bulk=24h,inventory=24h';

export interface MoraineOptions {
  viaNpm?: boolean;
  retrievalTimes?: string;
  encryption?: 'none';
}

/** Starts `moraine serve` on a free port with its files under `scratchPath`; `viaNpm` is what a newcomer types. */
export function startMoraine(
  scratchPath: string,
  { viaNpm = false, retrievalTimes, encryption }: MoraineOptions = {},
): Promise<Program> {
  return Program.start({
    ...(viaNpm
      ? { file: 'npm', args: ['start'] }
      : { file: process.execPath, args: [join(ROOT, 'bin', 'moraine.cjs'), 'serve'] }),
    env: {
      MORAINE_LISTEN: '127.0.0.1:0',
      MORAINE_DATA_DIR: dataDirOf(scratchPath),
      MORAINE_ROOT_ACCESS_KEY_ID: ACCESS_KEY.accessKeyId,
      MORAINE_ROOT_SECRET_ACCESS_KEY: ACCESS_KEY.secretAccessKey,
      ...(retrievalTimes !== undefined && { MORAINE_RETRIEVAL_TIMES: retrievalTimes }),
      ...(encryption !== undefined && { MORAINE_ENCRYPTION: encryption }),
    },
    cwd: ROOT,
    logPath: join(scratchPath, 'moraine.log'),
  });
}

export const dataDirOf = (scratchPath: string): string => join(scratchPath, 'moraine');

/** Has glibc keep freed memory, as Moraine's addon does: otherwise most of what receiving costs is getting it back. */
const KEEPS_MEMORY = { MALLOC_TRIM_THRESHOLD_: String(32 * MIB), MALLOC_MMAP_THRESHOLD_: String(32 * MIB) };

/** Starts the bare server, which serves the files in the scratch directory under `/file/`. */
export function startBare(scratchPath: string): Promise<Program> {
  return Program.start({
    file: process.execPath,
    args: [join(ROOT, 'bench', 'bare.cjs'), scratchPath],
    env: KEEPS_MEMORY,
    logPath: join(scratchPath, 'bare.log'),
  });
}

/** Starts a program of the benchmarks that serves; `file` is below bench/. */
export function startOwn(file: string, args: readonly string[], scratchPath: string): Promise<Program> {
  return Program.start({
    file: process.execPath,
    args: [join(ROOT, 'bench', file), ...args],
    logPath: join(scratchPath, `${basename(file)}.log`),
  });
}
