import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limits } from '../model/limits.ts';
import { AuditLog } from './audit-log.ts';
import type { Log } from './log.ts';
import { RotatingFile } from './rotating-file.ts';

let directory = '';
let path = '';
const said: [level: string, message: string, lost?: number][] = [];
const log = {
  error: (_: object, message: string) => said.push(['error', message]),
  warn: ({ lost }: { lost: number }, message: string) => said.push(['warn', message, lost]),
} as unknown as Log;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-audit-'));
  path = join(directory, 'audit.log');
  said.length = 0;
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

const opened = () => AuditLog.open({ path, fileBytesMax: 2 ** 20, filesMax: 3, log });
const numbers = (): number[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).number);
const noSpace = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
const LOST = ['error', 'lines of the audit log are lost'];

test('records are written in order, all of them before it ends', async () => {
  const audit = await opened();
  for (let number = 0; number < 500; number += 1) audit.write({ number });
  await audit[Symbol.asyncDispose]();
  expect(numbers()).toEqual(Array.from({ length: 500 }, (_, number) => number));
  expect(said).toEqual([]);
});

test('F-44 a full disk loses records, counts them, and says so once; then it goes on', async () => {
  await using audit = await opened();
  const append = vi.spyOn(RotatingFile.prototype, 'append').mockRejectedValue(noSpace);
  for (let number = 0; number < 3; number += 1) {
    audit.write({ number });
    await vi.waitFor(() => expect(audit.lost).toBe(number + 1));
  }
  expect(said).toEqual([LOST]);
  append.mockRestore();
  audit.write({ number: 3 });
  await vi.waitFor(() => expect(said).toEqual([LOST, ['warn', 'the audit log is written again', 3]]));
  expect(numbers()).toEqual([3]);
});

test('a disk that stands still holds nobody up, and costs no more than so much memory', async () => {
  const audit = await opened();
  const { promise, resolve } = Promise.withResolvers<void>();
  vi.spyOn(RotatingFile.prototype, 'append').mockReturnValue(promise);
  const record = { text: 'x'.repeat(limits.auditBatchBytesMax) };
  const room = Math.floor(limits.auditWaitingBytesMax / (JSON.stringify(record).length + 1));
  // One batch is on its way when the room begins to fill.
  for (let count = 0; count < room + 11; count += 1) audit.write(record);
  expect(audit.lost).toBe(10);
  expect(said).toEqual([LOST]);
  const startedAtMs = performance.now();
  await audit[Symbol.asyncDispose]();
  const tookMs = performance.now() - startedAtMs;
  expect([tookMs > limits.auditFlushMs - 50, tookMs < limits.auditFlushMs + 1000]).toEqual([true, true]);
  resolve();
  await vi.waitFor(() => expect(said).toHaveLength(2));
});

test('when room is short, minor records are lost before others', async () => {
  const audit = await opened();
  const { promise, resolve } = Promise.withResolvers<void>();
  vi.spyOn(RotatingFile.prototype, 'append').mockReturnValue(promise);
  const record = { text: 'x'.repeat(limits.auditBatchBytesMax) };
  const lineBytes = JSON.stringify(record).length + 1;
  const room = Math.floor((limits.auditWaitingBytesMax - limits.auditReservedBytes) / lineBytes);
  for (let count = 0; count < room + 1 + 5; count += 1) audit.write(record, { minor: true });
  expect(audit.lost).toBe(5);
  audit.write(record);
  expect(audit.lost).toBe(5);
  resolve();
  await audit[Symbol.asyncDispose]();
});

test('a disk that is full at the start is no reason not to start', async () => {
  vi.spyOn(RotatingFile.prototype, 'open').mockRejectedValueOnce(noSpace);
  await using audit = await opened();
  expect([audit.lost, said]).toEqual([0, [LOST]]);
});

test('a place where it cannot be is', async () => {
  path = join(directory, 'nowhere', 'audit.log');
  await expect(opened()).rejects.toThrow('ENOENT');
});

test('what waits when the process ends is written', async () => {
  const listeners = process.listenerCount('exit');
  const audit = await opened();
  const { promise, resolve } = Promise.withResolvers<void>();
  vi.spyOn(RotatingFile.prototype, 'append').mockReturnValue(promise);
  audit.write({ number: 0 });
  audit.write({ number: 1 });
  process.listeners('exit').at(-1)?.(0);
  expect(numbers()).toEqual([1]);
  resolve();
  await audit[Symbol.asyncDispose]();
  expect(process.listenerCount('exit')).toBe(listeners);
});
