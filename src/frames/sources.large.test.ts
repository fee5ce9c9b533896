import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'vitest';
import { absenceOfNative } from '../../test/support/native.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const COMPILE_MS_MAX = 60_000;
const reason = absenceOfNative();

test.skipIf(reason !== null)(
  `the sources of the addon give a strict compiler nothing to complain of${reason === null ? '' : ` (not run: ${reason})`}`,
  () => {
    const include = join(process.execPath, '..', '..', 'include', 'node');
    const sources = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', 'native/*.c'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    const strict = ['-std=gnu11', '-Wall', '-Wextra', '-Wconversion', '-Wshadow', '-Werror', '-fsyntax-only'];
    execFileSync('cc', [...strict, `-I${include}`, ...sources.trim().split('\n')], { cwd: ROOT, stdio: 'pipe' });
  },
  COMPILE_MS_MAX,
);
