import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { absenceOf, runAgainst } from '../support/foreign-programs.ts';
import { startServer } from '../support/server.ts';

const SCRIPT = fileURLToPath(new URL('../support/boto3-settings.py', import.meta.url));

test('boto3 sets what a vault has beside its archives', async (ctx) => {
  const absence = await absenceOf('python3', ['-c', 'import boto3']);
  if (absence !== undefined) ctx.skip(absence);
  await using server = await startServer();
  const said = await runAgainst(server, 'python3', [SCRIPT, server.url]);
  expect(said.trim().split('\n')).toEqual([
    'set 50 tags and not the 51st',
    'was denied a deletion by the access policy, and not without it',
    'set, read and removed a notification configuration',
  ]);
});
