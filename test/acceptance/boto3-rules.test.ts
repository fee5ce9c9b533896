import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { absenceOf, runAgainst } from '../support/foreign-programs.ts';
import { newAccount } from '../support/identities.ts';
import { startServer } from '../support/server.ts';

/** The rules of vaults and accounts with boto3. */
const SCRIPT = fileURLToPath(new URL('../support/boto3-rules.py', import.meta.url));

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-boto3-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('boto3 meets the rules: pages, tags, policies, locks, limits of retrieval, and another account', async (ctx) => {
  const absence = await absenceOf('python3', ['-c', 'import boto3']);
  if (absence !== undefined) ctx.skip(absence);
  await using server = await startServer();
  const keys = join(directory, 'other.json');
  writeFileSync(keys, JSON.stringify(await newAccount(server)));
  const printed = await runAgainst(server, 'python3', [SCRIPT, server.url, keys]);
  expect(printed.trim().split('\n')).toEqual([
    'listed 23 vaults by ten',
    'refused the 51st tag',
    'a Deny stopped root until it was removed',
    'a lock denied from its first moment, and for ever',
    '1,000 bytes an hour refused a Standard job and let an Expedited one pass',
    'refused a third capacity unit',
    'a second account saw nothing, and then the one vault that let it in',
  ]);
});
