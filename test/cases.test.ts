import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { operations } from '../src/api/operations/index.ts';
import { createRouter } from '../src/api/route.ts';
import { pathSegments, splitTarget } from '../src/sigv4/path.ts';
import { ISOLATION_ROWS } from './support/isolation-rows.ts';
import { ROUTES } from './support/routes.ts';

/** The attacks and faults this server must withstand have numbers; each number stands in front of the title of some test. */
const ROOT = join(import.meta.dirname, '..');
/** Who is let in. */
const AUTHENTICATION = Array.from({ length: 31 }, (_, index) => `S-${String(index + 1).padStart(2, '0')}`);
/** Who may do what, and what nobody may do. */
const AUTHORISATION = [
  [40, 48],
  [50, 57],
  [60, 64],
  [70, 73],
].flatMap(([first = 0, last = 0]) => Array.from({ length: last - first + 1 }, (_, index) => `S-${first + index}`));

/** What a query may do, and what it may not. */
const SELECT = [
  [69, 69],
  [74, 74],
  [80, 86],
].flatMap(([first = 0, last = 0]) => Array.from({ length: last - first + 1 }, (_, index) => `S-${first + index}`));

/** What can happen to a server, its disks and its files. */
const FAULTS = Array.from({ length: 44 }, (_, index) => `F-${String(index + 1).padStart(2, '0')}`);
/** Those that cannot happen to this server, and why. */
const NO_FAULTS: Record<string, string> = {
  'F-26': 'the metadata are in SQLite only, so no PostgreSQL restarts',
  'F-27': 'the metadata are in SQLite only, so no PostgreSQL fails over',
  'F-28': 'the metadata are in SQLite only, so no pooled connection is lost',
  'F-29': 'blobs are on disks only, so no S3 store of blobs answers with errors',
  'F-30': 'blobs are on disks only, so no S3 store of blobs hangs',
};

const files = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', '*.test.ts'],
  { cwd: ROOT, encoding: 'utf8' },
)
  .split('\n')
  .filter((path) => path !== '' && path !== 'test/cases.test.ts');
/** A title begins with the numbers it is for: `S-02 S-26 no byte can be changed`. */
const TITLE = /['"`]((?:[SF]-\d\d )+)\S/g;
const named = new Set(
  [...files, 'test/cases.test.ts'].flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(TITLE)].flatMap(([, ids = '']) => ids.trim().split(' ')),
  ),
);

describe('cases', () => {
  test.each([...AUTHENTICATION, ...AUTHORISATION, ...SELECT])('%s has a test', (id) => {
    expect(named).toContain(id);
  });

  test.each(FAULTS)('%s has a test, or a reason to have none', (id) => {
    expect({ id, isTested: named.has(id) }).toEqual({ id, isTested: NO_FAULTS[id] === undefined });
  });
});

test('S-13 every operation has a row in the isolation matrix', () => {
  expect(Object.keys(ISOLATION_ROWS).sort()).toEqual(operations.map(({ name }) => name).sort());
});

describe('S-13 routes', () => {
  const route = createRouter(operations);
  const rowed = ROUTES.flatMap((row) => {
    const [method = '', target = ''] = row.split(' ');
    const { path, query } = splitTarget(`/-${target}`);
    try {
      const asked = { method, segments: pathSegments(path), query: new URLSearchParams(query) };
      return [route(asked).operation.name];
    } catch {
      // Of a version to come.
      return [];
    }
  });

  test('S-13 an operation without a row in the tests of authentication fails here', () => {
    expect(operations.map(({ name }) => name).filter((name) => !rowed.includes(name))).toEqual([]);
    expect(new Set(ROUTES).size).toBe(33);
  });
});
