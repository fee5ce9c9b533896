import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Copies of this program with one line changed, so that they lose what they acknowledged. */
const ROOT = join(import.meta.dirname, '..', '..');
const COPIED = ['src', 'bin', 'package.json'];
const LINKED = ['node_modules', 'native'];

export interface Break {
  file: string;
  /** Text of one line, which is in the file once. */
  from: string;
  to: string;
}

export const BREAKS = {
  'no fsync of a blob': {
    file: 'src/blobs/disk-writer.ts',
    from: 'await this.#handle.sync();',
    to: '',
  },
  'no fsync of a directory': {
    file: 'src/files/durable.ts',
    from: 'await handle.sync();',
    to: '',
  },
  'synchronous=NORMAL': {
    file: 'src/metadata/sqlite.ts',
    from: '    assertDurable(database);',
    to: "    database.exec('pragma synchronous = normal');",
  },
  'an answer before the blob is committed': {
    file: 'src/blobs/disk-writer.ts',
    from: '    await this.#guard(async () => {',
    to: '    void this.#guard(async () => {',
  },
  'an answer before the row is committed': {
    file: 'src/core/incoming.ts',
    from: 'const recorded = await record(',
    to: 'const recorded = {}; void record(',
  },
} as const satisfies Record<string, Break>;

export interface Build extends Disposable {
  /** The program, to be started instead of this project's. */
  program: string;
}

export function brokenBuild({ file, from, to }: Break): Build {
  const directory = mkdtempSync(join(tmpdir(), 'moraine-broken-'));
  for (const name of COPIED) cpSync(join(ROOT, name), join(directory, name), { recursive: true });
  for (const name of LINKED) if (existsSync(join(ROOT, name))) symlinkSync(join(ROOT, name), join(directory, name));
  const path = join(directory, file);
  const pieces = readFileSync(path, 'utf8').split(from);
  if (pieces.length !== 2)
    throw new Error(`${file} has \`${from}\` ${pieces.length - 1} times, and should have it once`);
  writeFileSync(path, pieces.join(to));
  return {
    program: join(directory, 'bin', 'moraine.cjs'),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}
