import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { absenceOf, runAgainst } from '../support/foreign-programs.ts';
import { startServer } from '../support/server.ts';

const SCRIPT = fileURLToPath(new URL('../support/boto3-select.py', import.meta.url));

test('boto3 asks archives, reads the answers, and learns what is wrong with a question', async (ctx) => {
  const absence = await absenceOf('python3', ['-c', 'import boto3']);
  if (absence !== undefined) ctx.skip(absence);
  await using server = await startServer();
  const buckets = join(server.dataDir, 'select-output');
  const said = await runAgainst(server, 'python3', [SCRIPT, server.url, buckets]);
  expect(said.trim().split('\n')).toEqual([
    'read the results of four queries',
    'saw a job as it was asked for, without an output to get',
    'was refused seven times, and no job was left',
    'saw four queries fail, each with its record',
  ]);
});
