import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** The import ladder: every wrong arrow is an error of the linter, and no right one is. */
const ROOT = join(import.meta.dirname, '..');
const BIOME = join(createRequire(import.meta.url).resolve('@biomejs/biome/package.json'), '..', 'bin', 'biome');

const WRONG = [
  ['src/model', '../core/core.ts'],
  ['src/model', '../files/durable.ts'],
  ['src/files', '../model/limits.ts'],
  ['src/files', '../arrange.ts'],
  ['src/frames', '../blobs/blob-store.ts'],
  ['src/frames', '../tree-hash/nodes.ts'],
  ['src/tree-hash', '../sigv4/path.ts'],
  ['src/sigv4', '../tree-hash/nodes.ts'],
  ['src/sigv4', '../policy/evaluate.ts'],
  ['src/policy', '../sigv4/path.ts'],
  ['src/policy', '../core/core.ts'],
  ['src/select', '../policy/evaluate.ts'],
  ['src/select/csv', '../../core/core.ts'],
  ['src/select-output', '../select/select-error.ts'],
  ['src/select-output', '../metadata/metadata.ts'],
  ['src/metadata', '../select/select-error.ts'],
  ['src/config', '../telemetry/log.ts'],
  ['src/config', '../policy/compile.ts'],
  ['src/telemetry', '../config/config.ts'],
  ['src/metadata', '../blobs/disk.ts'],
  ['src/blobs', '../metadata/metadata.ts'],
  ['src/notify', '../metadata/metadata.ts'],
  ['src/notify', '../policy/addresses.ts'],
  ['src/core', '../api/route.ts'],
  ['src/core', '../app.ts'],
  ['src/core', '../arrange.ts'],
  ['src/core', '../rebuild.ts'],
  ['src/core', '../watching.ts'],
  ['src/blobs', '../rotation.ts'],
  ['src/blobs/segments', '../../fault-report.ts'],
  ['src/api/operations', '../../rebuild.ts'],
  ['src/core', 'kysely'],
  ['src/core', '@aws-sdk/client-sns'],
  ['src/core', 'node:http'],
  ['src/api', '../worker/pause.ts'],
  ['src/api/operations', '../../metadata/metadata.ts'],
  ['src/api', '../admin/server.ts'],
  ['src/admin', '../api/route.ts'],
  ['src/admin/commands', '../../metadata/metadata.ts'],
  ['src/admin', 'node:http'],
  ['src/core', '../admin/server.ts'],
  ['src/worker', '../api/route.ts'],
  ['src', './cli/serve.ts'],
  ['test/acceptance', '../../src/app.ts'],
] as const;

const RIGHT = [
  ['src/blobs', '../files/durable.ts'],
  ['src/blobs', '../tree-hash/nodes.ts'],
  ['src/blobs', '../frames/frame-work.ts'],
  ['src/frames', '../model/units.ts'],
  ['src/select-output', '../files/durable.ts'],
  ['src/policy', '../model/errors.ts'],
  ['src/select', '../model/select.ts'],
  ['src/select-output', '@aws-sdk/client-s3'],
  ['src/core', '../select/select-error.ts'],
  ['src/core', '../select-output/select-output.ts'],
  ['src/notify', '../config/durable.ts'],
  ['src/notify', 'node:https'],
  ['src/notify', '@aws-sdk/client-sns'],
  ['src/core', '../notify/notifier.ts'],
  ['src/core', '../policy/evaluate.ts'],
  ['src/core', '../metadata/metadata.ts'],
  ['src/core', './rebuild.ts'],
  ['src/core', '../tree-hash/nodes.ts'],
  ['src/api/operations', '../../core/core.ts'],
  ['src/admin/commands', '../../core/core.ts'],
  ['src/admin', 'node:net'],
  ['src/worker', '../core/arrangement.ts'],
  ['src/metadata', 'kysely'],
] as const;

const CIRCLE = { 'src/core/one.ts': './two.ts', 'src/core/two.ts': './one.ts' };

let folder: string;
let complaints: { category: string; path: string }[];

const fileFor = (place: string, from: string): string =>
  place === 'src' ? 'src/app.ts' : `${place}/to-${from.replaceAll(/[^a-z]/g, '-')}.ts`;

function put(path: string, from: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), `import { thing } from '${from}';\n\nexport const user = thing;\n`);
}

function lint(): typeof complaints {
  const args = ['lint', '--reporter=json', '--max-diagnostics=none', '.'];
  try {
    execFileSync(process.execPath, [BIOME, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
    return [];
  } catch (error) {
    const report = JSON.parse((error as { stdout: string }).stdout) as {
      diagnostics: { category: string; location: { path: string } }[];
    };
    return report.diagnostics.map(({ category, location }) => ({ category, path: location.path }));
  }
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'moraine-ladder-'));
  const rules = JSON.parse(readFileSync(join(ROOT, 'biome.json'), 'utf8'));
  writeFileSync(join(folder, 'biome.json'), JSON.stringify({ ...rules, $schema: undefined, vcs: { enabled: false } }));
  for (const [place, from] of [
    ...WRONG,
    ...RIGHT,
    ...Object.entries(CIRCLE).map(([path, from]) => [path, from] as const),
  ]) {
    put(place.endsWith('.ts') ? place : fileFor(place, from), from);
  }
  complaints = lint();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the import ladder', () => {
  const refusals = () => complaints.filter(({ category }) => category === 'lint/style/noRestrictedImports');

  test.each(WRONG)('%s must not import %s', (place, from) => {
    expect(refusals().map(({ path }) => path)).toContain(fileFor(place, from));
  });

  test.each(RIGHT)('%s may import %s', (place, from) => {
    expect(refusals().map(({ path }) => path)).not.toContain(fileFor(place, from));
  });

  test('a circle is refused', () => {
    const circles = complaints.filter(({ category }) => category === 'lint/suspicious/noImportCycles');
    expect(circles.map(({ path }) => path).sort()).toEqual(Object.keys(CIRCLE));
  });
});
