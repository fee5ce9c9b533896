import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { chooseFrameWork } from './choose.ts';

/** The whole way from the sources to the choice, in a copy of the package with compilers of its own. */
const ROOT = join(import.meta.dirname, '..', '..');
const PLATFORM = `${process.platform}-${process.arch}`;
const SHOW = 'const { kind, reason } = chooseFrameWork(); process.stdout.write(JSON.stringify([kind, reason]));';

// Each starts a few programs, which is nothing, but not on a machine that is busy.
vi.setConfig({ testTimeout: 60_000 });
afterAll(() => vi.resetConfig());

let folder: string;
let built: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'moraine-choose-'));
  built = join(folder, 'native', 'build', PLATFORM);
  mkdirSync(join(folder, 'bin'));
  for (const part of ['package.json', 'tools/build-native.cjs', 'src/frames', 'src/model']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  cpSync(join(ROOT, 'native'), join(folder, 'native'), { recursive: true, filter: (path) => !path.endsWith('build') });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A compiler is anything called cc that leaves a file; this one leaves what the test wants and counts its calls. */
function compiler(script: string): void {
  writeFileSync(
    join(folder, 'bin', 'cc'),
    `#!/bin/sh\nPATH=/usr/bin:/bin\necho "$1" >> '${folder}/calls'\n${script}\n`,
  );
  chmodSync(join(folder, 'bin', 'cc'), 0o755);
}

const nonsense = 'for last; do :; done; [ "$1" = --version ] || echo nonsense > "$last"';

const build = (...args: string[]) =>
  execFileSync(process.execPath, [join(folder, 'tools', 'build-native.cjs'), ...args], {
    cwd: folder,
    env: { PATH: join(folder, 'bin') },
    encoding: 'utf8',
    stdio: 'pipe',
  });

function chosen(): [kind: string, reason: string | null] {
  const program = `import { chooseFrameWork } from '${join(folder, 'src/frames/choose.ts')}'; ${SHOW}`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }));
}

test('plain is there for who wants it', () => {
  expect(chooseFrameWork({ prefer: 'plain' })).toMatchObject({ kind: 'plain', reason: 'the addon is switched off' });
});

test('without a build it is plain, and says so', () => {
  expect(chosen()).toEqual(['plain', `the addon is not built for ${PLATFORM}`]);
});

test('without a compiler it is plain, and says so; a release is not made then', () => {
  build();
  expect(chosen()).toEqual(['plain', 'the addon is not built: there is no C compiler (cc, gcc, clang)']);
  expect(() => build('--required')).toThrow('there is no C compiler');
});

test('what a compiler complains of is told', () => {
  compiler(
    '[ "$1" = --version ] || { echo "frame.c:1: warning: odd" >&2; echo "frame.c:2: error: wrong" >&2; exit 1; }',
  );
  build();
  expect(chosen()).toEqual(['plain', 'the addon is not built: frame.c:2: error: wrong']);
});

test('what does not load is not used', () => {
  compiler(nonsense);
  build();
  expect(chosen()).toEqual(['plain', expect.stringMatching(/^the addon does not load: /)]);
});

test('it is built anew only where a source is newer, and an old one does not outlive that', () => {
  compiler(nonsense);
  build();
  const reported = () => existsSync(join(folder, 'calls'));
  rmSync(join(folder, 'calls'));
  build();
  expect(reported()).toBe(false);
  const later = new Date(Date.now() + 60_000);
  utimesSync(join(folder, 'native', 'frame.h'), later, later);
  compiler('exit 1');
  build();
  expect([reported(), existsSync(join(built, 'moraine.node'))]).toEqual([true, false]);
});
