import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { absenceOf, runAgainst } from '../support/foreign-programs.ts';
import { startServer } from '../support/server.ts';

/** The main job with boto3, across a kill of the server. */
const SCRIPT = fileURLToPath(new URL('../support/boto3-run.py', import.meta.url));
const CHECKED = [
  'retrieved 5 MiB whole',
  'retrieved 3 MiB of 7 MiB, and the first MiB of these',
  'retrieved both inventories',
  'listed 124 jobs newest first over 3 pages',
];

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-boto3-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('boto3 stores, lists and retrieves, and all is still there after kill -9', async (ctx) => {
  const absence = await absenceOf('python3', ['-c', 'import boto3']);
  if (absence !== undefined) ctx.skip(absence);
  const dataDir = join(directory, 'data');
  const notes = join(directory, 'notes.json');

  await using first = await startServer({ dataDir });
  const filled = await runAgainst(first, 'python3', [SCRIPT, 'fill', first.url, notes]);
  expect(filled.trim().split('\n')).toEqual(['uploaded 5 MiB', 'uploaded 7 MiB in parts', ...CHECKED]);
  await first.kill();

  await using second = await startServer({ dataDir });
  const checked = await runAgainst(second, 'python3', [SCRIPT, 'check', second.url, notes]);
  expect(checked.trim().split('\n')).toEqual([...CHECKED, 'retrieved 5 MiB again']);
});
