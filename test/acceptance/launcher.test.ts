import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { collect } from '../support/program.ts';

/** Where the machine's own Node is too old, it only starts the packaged one, and must not be noticed doing so. */
const PROGRAM = fileURLToPath(new URL('../../bin/moraine.cjs', import.meta.url));
const oldNode = findOldNode();
const reason = oldNode === undefined ? 'no Node older than 24.15 is on the PATH' : undefined;
if (reason !== undefined) process.stderr.write(`not run: ${reason}\n`);

function findOldNode(): string | undefined {
  const places = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  return places.find((path) => {
    if (!existsSync(path)) return false;
    const [major = 0, minor = 0] = execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' })
      .split('.')
      .map(Number);
    return major < 24 || (major === 24 && minor < 15);
  });
}

const folder = mkdtempSync(join(tmpdir(), 'moraine-launcher-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function startOnOldNode() {
  const args = [PROGRAM, 'serve', '--listen', '127.0.0.1:0', '--data-dir', join(folder, 'data')];
  const child = spawn(oldNode ?? '', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  while (!stdout().includes('\n')) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${stderr()}`);
    await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
  }
  return { child, stdout, stderr };
}

test('a channel that somebody else opened may close', async () => {
  const args = [PROGRAM, 'serve', '--listen', '127.0.0.1:0', '--data-dir', join(folder, 'supervised')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  await once(child.stdout as Readable, 'data');
  child.disconnect();
  await sleep(300);
  expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

describe.skipIf(reason !== undefined)(
  `started by an old Node${reason === undefined ? '' : ` (not run: ${reason})`}`,
  () => {
    test('a signal is passed on, and the exit code comes back', async () => {
      const { child, stdout } = await startOnOldNode();
      expect(stdout()).toMatch(/^moraine listening on http:\/\/127\.0\.0\.1:\d+\n$/);
      child.kill('SIGTERM');
      const [code] = await once(child, 'close');
      expect(code).toBe(0);
    });

    test('kill -9 of what was started frees the data directory at once', async () => {
      const first = await startOnOldNode();
      first.child.kill('SIGKILL');
      await once(first.child, 'close');
      const second = await startOnOldNode();
      second.child.kill('SIGTERM');
      const [code] = await once(second.child, 'close');
      expect(code).toBe(0);
    });

    test('usage errors keep their exit code', async () => {
      const child = spawn(oldNode ?? '', [PROGRAM, 'serve', '--nope'], { stdio: 'ignore' });
      const [code] = await once(child, 'close');
      expect(code).toBe(2);
    });
  },
);
