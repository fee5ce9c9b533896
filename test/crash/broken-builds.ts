import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Copies of this program with a line changed, so that they lose what they acknowledged. */
const ROOT = join(import.meta.dirname, '..', '..');
const COPIED = ['src', 'bin', 'package.json'];
const LINKED = ['node_modules', 'native'];

export interface Break {
  file: string;
  /** Text that is in the file once; one line of it changes. */
  from: string;
  to: string;
  /** Another line that keeps the first from showing on the disks of tests, which have no cache of their own to lose. */
  also?: { file: string; from: string; to: string };
}

export const BREAKS = {
  'no fsync of a file': {
    file: 'src/files/durable.ts',
    from: 'syncFile(handle: FileHandle): Promise<void> {\n  await handle.sync();',
    to: 'syncFile(_handle: FileHandle): Promise<void> {',
  },
  'no fsync of a segment': {
    file: 'src/files/durable.ts',
    from: '  await handle.datasync();',
    to: '  void handle;',
    also: {
      file: 'src/blobs/segments/segment-line.ts',
      from: 'isDirect: this.#roomForBatch().isAligned',
      to: 'isDirect: false',
    },
  },
  'no fsync of a directory': {
    file: 'src/files/durable.ts',
    from: "await open(path, 'r');\n  await handle.sync();",
    to: "await open(path, 'r');",
  },
  'synchronous=NORMAL': {
    file: 'src/metadata/sqlite.ts',
    from: '    assertDurable(database);',
    to: "    database.exec('pragma synchronous = normal');",
  },
  'an answer before the bytes are on disk': {
    file: 'src/blobs/file-writer.ts',
    from: 'copy.finish(tail, this.#sizeBytes)',
    to: 'Promise.resolve(void copy.finish(tail, this.#sizeBytes).catch(() => undefined))',
  },
  'an answer before the row is': {
    file: 'src/core/incoming.ts',
    from: 'const recorded = await record(',
    to: 'const recorded = {}; void record(',
  },
} as const satisfies Record<string, Break>;

export interface Build extends Disposable {
  /** The program, to be started instead of this project's. */
  program: string;
}

export function brokenBuild({ also, ...first }: Break): Build {
  const directory = mkdtempSync(join(tmpdir(), 'moraine-broken-'));
  for (const name of COPIED) cpSync(join(ROOT, name), join(directory, name), { recursive: true });
  for (const name of LINKED) if (existsSync(join(ROOT, name))) symlinkSync(join(ROOT, name), join(directory, name));
  for (const change of also === undefined ? [first] : [first, also]) apply(directory, change);
  return {
    program: join(directory, 'bin', 'moraine.cjs'),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function apply(directory: string, { file, from, to }: Omit<Break, 'also'>): void {
  const path = join(directory, file);
  const pieces = readFileSync(path, 'utf8').split(from);
  if (pieces.length !== 2)
    throw new Error(`${file} has \`${from}\` ${pieces.length - 1} times, and should have it once`);
  writeFileSync(path, pieces.join(to));
}
