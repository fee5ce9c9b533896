import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { absenceOf } from '../support/foreign-programs.ts';
import { call } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault, troubleIn, until } from '../support/wire.ts';

/** A disk for the audit log alone, and full. It takes a mount, so it needs root. */
const directory = mkdtempSync(join(tmpdir(), 'moraine-tiny-'));
let absence: string | undefined = 'not tried';
beforeAll(async () => {
  absence = await absenceOf('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory]);
});
afterAll(() => {
  if (absence === undefined) execFileSync('umount', [directory]);
  rmSync(directory, { recursive: true });
});

/** Takes what is left, so that nothing more can be written. */
function fill(path: string): void {
  for (const chunk of [4096, 512, 16, 1]) {
    try {
      for (;;) writeFileSync(path, 'x'.repeat(chunk), { flag: 'a' });
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
    }
  }
}

interface Trouble {
  msg: string;
  lost?: number;
}
const troubles = (server: TestServer): Trouble[] => troubleIn(server).map((line) => JSON.parse(line));

test('F-44 a full disk takes lines of the audit log, and nothing else', async (context) => {
  if (absence !== undefined) context.skip(absence);
  const path = join(directory, 'audit.log');
  await using server = await startServer({ flags: ['--audit-log', path] });
  await createVault(server, 'before');
  await until(() => statSync(path).size > 0);
  // Up to the end of the page that the log has begun, which needs no space.
  writeFileSync(path, `${'{"filler":"'.padEnd(4096 - statSync(path).size - 3, 'x')}"}\n`, { flag: 'a' });
  fill(join(directory, 'filler'));
  for (let number = 0; number < 20; number += 1) await createVault(server, `during-${number}`);
  expect((await call(server, { target: '/-/vaults/during-19' })).status).toBe(200);
  await until(() => troubles(server).length > 0);
  rmSync(join(directory, 'filler'));
  await createVault(server, 'after');
  await until(() => readFileSync(path, 'utf8').includes('"vaultName":"after"'));
  await until(() => troubles(server).at(-1)?.msg === 'the audit log is written again');
  // A single line may find room in between, where the file system counts generously.
  const said = troubles(server);
  const both = ['lines of the audit log are lost', 'the audit log is written again'];
  expect(said.map(({ msg }) => msg)).toEqual(said.map((_, index) => both[index % 2]));
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const told = lines.map((line) => JSON.parse(line).requestParameters?.vaultName);
  expect([told[0], told[1], told.at(-1)]).toEqual(['before', undefined, 'after']);
  const lost = said.reduce((sum, trouble) => sum + (trouble.lost ?? 0), 0);
  // One line of those that are there is the filler.
  expect(lost + lines.length).toBe(1 + 20 + 1 + 1);
  expect(lost).toBeGreaterThan(15);
});
