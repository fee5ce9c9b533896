import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';

/**
 * Style that matters and that no linter rule holds. The numbers may only go down. The length of functions, the direction
 * of imports and circles are Biome's (`npm run check`).
 */
const ROOT = join(import.meta.dirname, '..');
const FILE_LINES_MAX = 300;
const MEDIAN_LINES_MAX = 80;
const NOT_OUR_WORDS = ['helper', 'manager', 'util', 'utils', 'handler', 'service', 'data', 'task', 'bucket', 'restore'];
/** Amazon's spelling of members belongs to the wire; the documents of inventories and jobs are the other places that write it. */
const WIRE_CASING = /\b(?:SHA256TreeHash|ArchiveSHA256TreeHash|VaultARN|InventoryDate|JobList|StatusCode)\b/;
const WIRE_PLACES = ['src/api/', 'src/core/inventories.ts', 'src/model/job-document.ts'];

// Files that are new and not yet added count too: they are about to be.
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && readdirSync(join(ROOT, path, '..')).includes(basename(path)));
const texts = new Map(files.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
const code = files.filter((path) => /\.(?:ts|cjs)$/.test(path));
const sources = code.filter((path) => path.startsWith('src/') && !path.endsWith('.test.ts'));
const textOf = (path: string): string => texts.get(path) ?? '';
const linesOf = (path: string): number => textOf(path).split('\n').length - 1;

describe('files', () => {
  test(`none is longer than ${FILE_LINES_MAX} lines`, () => {
    expect(code.filter((path) => linesOf(path) > FILE_LINES_MAX)).toEqual([]);
  });

  test(`the median of the sources is below ${MEDIAN_LINES_MAX} lines`, () => {
    const sorted = sources.map(linesOf).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(MEDIAN_LINES_MAX);
  });

  test('none leaves work behind', () => {
    const mark = /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/;
    expect(code.filter((path) => mark.test(textOf(path)))).toEqual([]);
  });

  test('no test is switched off by hand, or kept alone', () => {
    const mark = /\b(?:it|test|describe)\.(?:only|skip|todo)\b/;
    expect(code.filter((path) => mark.test(textOf(path)))).toEqual([]);
  });

  test('no script of the package waits for npm to run one before or after it, which .npmrc forbids', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const names = Object.keys(scripts).filter((name) => name !== 'prepack');
    expect(names.filter((name) => /^(?:pre|post)/.test(name))).toEqual([]);
  });

  test('none names a path of the machine it was written on', () => {
    const place = new RegExp(`(?:^|[^A-Za-z0-9_.])/(?:${['work', 'farm', 'root', 'home/\\w+'].join('|')})/`, 'm');
    expect(files.filter((path) => place.test(textOf(path)))).toEqual([]);
  });
});

describe('names', () => {
  test('files are named with our words', () => {
    const stray = code.filter((path) =>
      basename(path)
        .split(/[.-]/)
        .some((word) => NOT_OUR_WORDS.includes(word)),
    );
    // The data directory is what operators call it; operations are called what Amazon calls them.
    const excepted = /data-dir(?:\.test)?\.ts$|^src\/api\/operations\//;
    expect(stray.filter((path) => !excepted.test(path))).toEqual([]);
  });

  test('wire casing stays on the wire', () => {
    const stray = sources.filter((path) => !WIRE_PLACES.some((place) => path.startsWith(place)));
    expect(stray.filter((path) => WIRE_CASING.test(textOf(path)))).toEqual([]);
  });

  test('S-03 secrets are compared in one place', () => {
    const users = sources.filter((path) => textOf(path).includes('timingSafeEqual'));
    expect(users).toEqual(['src/sigv4/safe-equal.ts']);
  });

  test('S-03 no operator compares what is secret', () => {
    const secret = String.raw`\b(?:\w+\.)*\w*(?:[sS]ignature|[sS]ecret[A-Za-z]*|[tT]oken|[cC]ookie|[pP]assword|[lL]ockId)`;
    const other = String.raw`(?!\s*(?:undefined|null)\b|\s*(?:''|""))`;
    const compared = new RegExp(String.raw`${secret}\s*[!=]==${other}|[!=]==\s*${secret}\b(?!\()`);
    expect(sources.flatMap((path) => textOf(path).split('\n')).filter((line) => compared.test(line))).toEqual([]);
    for (const wrong of ['if (a.signature === given)', 'given !== row.secretAccessKey', "token !== 'a'"]) {
      expect(compared.test(wrong)).toBe(true);
    }
  });
});

describe('lists kept by hand', () => {
  test.each([
    ['src/api/operations', /^import \{ \w+ \} from '\.\/(.+)\.ts';$/gm],
    ['src/admin/commands', /^import \{ \w+ \} from '\.\/(.+)\.ts';$/gm],
    ['src/metadata/migrations', /^import \* as \w+ from '\.\/(.+)\.ts';$/gm],
  ])('%s/index.ts names every file of its folder', (folder, importLine) => {
    const listed = [...textOf(`${folder}/index.ts`).matchAll(importLine)].map((match) => match[1]);
    const present = readdirSync(join(ROOT, folder))
      .filter((name) => name !== 'index.ts' && !name.endsWith('.test.ts'))
      .map((name) => name.replace(/\.ts$/, ''));
    expect(listed.sort()).toEqual(present.sort());
  });

  test('src/README.md says what every folder is for', () => {
    const folders = new Set(sources.flatMap((path) => path.match(/^src\/([a-z0-9-]+)\//)?.[1] ?? []));
    expect(
      [...folders].filter((folder) => !new RegExp(`^\\| \`${folder}/\` +\\|`, 'm').test(textOf('src/README.md'))),
    ).toEqual([]);
  });
});

describe('the lock file', () => {
  const lock = JSON.parse(textOf('package-lock.json')) as { packages: Record<string, { resolved?: string }> };

  test('names no registry', () => {
    expect(Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
  });

  test('and the manifest pins every version', () => {
    const manifest = JSON.parse(textOf('package.json')) as Record<string, Record<string, string>>;
    const kinds = ['dependencies', 'optionalDependencies', 'devDependencies'];
    const versions = kinds.flatMap((kind) => Object.values(manifest[kind] ?? {}));
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+(-[a-z]+\.\d+)?$/.test(version))).toEqual([]);
  });
});
