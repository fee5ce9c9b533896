import { pbkdf2 } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LineWriter } from './line-writer.ts';

let directory = '';
let path = '';
let fd = 0;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-lines-'));
  path = join(directory, 'log');
  fd = openSync(path, 'a');
});
afterEach(() => {
  closeSync(fd);
  rmSync(directory, { recursive: true });
});

const written = (): string => readFileSync(path, 'utf8');

test('lines arrive whole and in order', async () => {
  const writer = new LineWriter(fd);
  const lines = Array.from({ length: 1000 }, (_, index) => `line ${index} é\n`);
  for (const [index, line] of lines.entries()) {
    writer.write(line);
    if (index % 100 === 0) await sleep(1);
  }
  await vi.waitFor(() => expect(written()).toBe(lines.join('')));
});

test('what waits at the end of the process is flushed', async () => {
  const writer = new LineWriter(fd);
  writer.write('first\n');
  await sleep(0);
  writer.write('next\n');
  writer.write('last\n');
  writer.flushSync();
  expect(written()).toContain('next\nlast\n');
  await vi.waitFor(() => expect(written().split('\n').sort()).toEqual(['', 'first', 'last', 'next']));
});

test('the last words of a process are written by when it ends, though its pool of threads is busy', async () => {
  const busy = Array.from({ length: 8 }, () => promisify(pbkdf2)('a', 'b', 30_000, 64, 'sha512'));
  const writer = new LineWriter(fd);
  writer.write('last\n');
  writer.flushSync();
  expect(written()).toBe('last\n');
  await Promise.all(busy);
});

test('a full disk loses lines and nothing else', async () => {
  const full = openSync('/dev/full', 'a');
  const writer = new LineWriter(full);
  writer.write('lost\n');
  writer.write('lost too\n');
  writer.flushSync();
  await sleep(10);
  writer.write('lost as well\n');
  await sleep(10);
  closeSync(full);
});

test('lines beyond the bound are dropped', async () => {
  const writer = new LineWriter(fd);
  const line = `${'x'.repeat(1024 * 1024 - 1)}\n`;
  for (let count = 0; count < 10; count += 1) writer.write(line);
  await sleep(100);
  await vi.waitFor(() => expect(written().length).toBe(4 * line.length));
});
