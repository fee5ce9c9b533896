import { join } from 'node:path';
import { Program } from './program.ts';

/** The programs that are compared: Moraine as its users start it, and a bare `node:http` server beside it. */
export const ROOT = join(import.meta.dirname, '..');

export const ACCESS_KEY = {
  accessKeyId: 'AKIABENCHBENCHBENCH0',
  secretAccessKey: 'bench-secret-bench-secret-bench-secret00',
};

/** Starts `moraine serve` on a free port with its files under `scratchPath`; `viaNpm` is what a newcomer types. */
export function startMoraine(scratchPath: string, { viaNpm = false } = {}): Promise<Program> {
  return Program.start({
    ...(viaNpm
      ? { file: 'npm', args: ['start'] }
      : { file: process.execPath, args: [join(ROOT, 'bin', 'moraine.cjs'), 'serve'] }),
    env: {
      MORAINE_LISTEN: '127.0.0.1:0',
      MORAINE_DATA_DIR: dataDirOf(scratchPath),
      MORAINE_ROOT_ACCESS_KEY_ID: ACCESS_KEY.accessKeyId,
      MORAINE_ROOT_SECRET_ACCESS_KEY: ACCESS_KEY.secretAccessKey,
    },
    cwd: ROOT,
    logPath: join(scratchPath, 'moraine.log'),
  });
}

export const dataDirOf = (scratchPath: string): string => join(scratchPath, 'moraine');

/** Starts the bare server, which serves the files in the scratch directory under `/file/`. */
export function startBare(scratchPath: string): Promise<Program> {
  return Program.start({
    file: process.execPath,
    args: [join(ROOT, 'bench', 'bare.cjs'), scratchPath],
    logPath: join(scratchPath, 'bare.log'),
  });
}
