import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RotatingFile } from './rotating-file.ts';

let directory = '';
let path = '';
let file: RotatingFile;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-rotating-'));
  path = join(directory, 'audit.log');
  file = new RotatingFile({ path, fileBytesMax: 100, filesMax: 3 });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await file.close();
  rmSync(directory, { recursive: true });
});

const line = (letter: string): Buffer => Buffer.from(`${letter.repeat(39)}\n`);
const text = (name = 'audit.log'): string => readFileSync(join(directory, name), 'utf8');
const firstLetters = (name: string): string =>
  text(name)
    .split('\n')
    .map((one) => one.slice(0, 1))
    .join('');

test('begins the next file before one grows too large, and keeps so many', async () => {
  for (const letter of 'abcdefgh') await file.append(line(letter));
  expect(readdirSync(directory).sort()).toEqual(['audit.log', 'audit.log.1', 'audit.log.2']);
  expect(['audit.log.2', 'audit.log.1', 'audit.log'].map(firstLetters)).toEqual(['cd', 'ef', 'gh']);
});

test('goes on where it stopped', async () => {
  await file.append(line('a'));
  await file.close();
  const again = new RotatingFile({ path, fileBytesMax: 100, filesMax: 3 });
  for (const letter of 'bc') await again.append(line(letter));
  await again.close();
  expect(['audit.log.1', 'audit.log'].map(firstLetters)).toEqual(['ab', 'c']);
});

test('is private, whatever the umask and whoever made it', async () => {
  const before = process.umask(0);
  for (const letter of 'abc') await file.append(line(letter));
  process.umask(before);
  for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
  await file.close();
  chmodSync(path, 0o644);
  await file.append(line('d'));
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.each([
  ['deleted', () => rmSync(path)],
  ['moved away', () => renameSync(path, `${path}.away`)],
])('a file that was %s is begun anew', async (_, disturb) => {
  await file.append(line('a'));
  disturb();
  await file.append(line('b'));
  expect(firstLetters('audit.log')).toBe('b');
});

test('a file that was emptied is begun anew', async () => {
  for (const letter of 'ab') await file.append(line(letter));
  truncateSync(path);
  for (const letter of 'cd') await file.append(line(letter));
  expect([readdirSync(directory), firstLetters('audit.log')]).toEqual([['audit.log'], 'cd']);
});

test('half a line that a killed process left is ended', async () => {
  writeFileSync(path, 'half');
  await file.append(line('a'));
  expect(text()).toBe(`half\n${line('a')}`);
});

test('what cannot be written whole is not written at all, and the next is', async () => {
  await file.append(line('a'));
  const probe = await open(path);
  const prototype = Object.getPrototypeOf(probe) as { write(bytes: Buffer): Promise<{ bytesWritten: number }> };
  await probe.close();
  const real = prototype.write;
  const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  vi.spyOn(prototype, 'write')
    .mockImplementationOnce(async function (this: typeof prototype, bytes) {
      return await real.call(this, bytes.subarray(0, 5));
    })
    .mockRejectedValueOnce(full);
  await expect(file.append(line('b'))).rejects.toThrow(full);
  expect(text()).toBe(String(line('a')));
  await file.append(line('c'));
  expect(firstLetters('audit.log')).toBe('ac');
});

test('a link or a directory in its place is refused, and a device left alone', async () => {
  writeFileSync(join(directory, 'other'), '');
  symlinkSync(join(directory, 'other'), path);
  await expect(file.append(line('a'))).rejects.toThrow('ELOOP');
  expect(text('other')).toBe('');
  rmSync(path);
  mkdirSync(path);
  await expect(file.append(line('a'))).rejects.toThrow('EISDIR');
  const { mode } = statSync('/dev/null');
  const device = new RotatingFile({ path: '/dev/null', fileBytesMax: 100, filesMax: 3 });
  await expect(device.open()).rejects.toThrow('/dev/null is not a file');
  expect(statSync('/dev/null').mode).toBe(mode);
});
