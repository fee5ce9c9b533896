import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findDataDir, openDataDir, refuseOtherUser } from './data-dir.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'moraine-data-dir-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;

const directory = (mode: number, ...names: string[]): string => {
  const path = join(root, 'data');
  mkdirSync(path);
  for (const name of names) writeFileSync(join(path, name), '');
  chmodSync(path, mode);
  return path;
};

test('makes it private, with its parents, and writes nothing into it', () => {
  const path = join(root, 'a', 'b');
  expect(openDataDir(path)).toEqual({ path });
  expect(modeOf(path)).toBe(0o700);
  expect(readdirSync(path)).toEqual([]);
  expect(openDataDir(path)).toEqual({ path });
});

test('an empty directory, a fresh mount and an earlier data directory are made private', () => {
  for (const names of [[], ['lost+found'], ['owner.lock', 'metadata.sqlite']]) {
    const path = directory(0o755, ...names);
    openDataDir(path);
    expect(modeOf(path)).toBe(0o700);
    rmSync(path, { recursive: true });
  }
});

test("somebody else's open directory is left as it is", () => {
  const path = directory(0o1777, 'thesis.tex');
  expect(() => openDataDir(path)).toThrow(
    `the data directory ${path} is open to other users (mode 1777) and holds files that are not Moraine's; ` +
      'name an empty directory, or make this one private with chmod 700',
  );
  expect(modeOf(path)).toBe(0o777);
});

test('a private directory may hold anything', () => {
  const path = directory(0o700, 'moraine.yaml');
  expect(openDataDir(path)).toEqual({ path });
});

test('a symbolic link to a directory is followed', () => {
  const path = directory(0o755);
  symlinkSync(path, join(root, 'link'));
  expect(openDataDir(join(root, 'link'))).toEqual({ path });
  expect(modeOf(path)).toBe(0o700);
});

test('a file in its place and a place that cannot be are refused', () => {
  const path = join(root, 'file');
  writeFileSync(path, '');
  expect(() => openDataDir(path)).toThrow(`the data directory ${path} must be a directory`);
  expect(() => openDataDir(join(path, 'below'))).toThrow('cannot be used: ENOTDIR');
  expect(() => openDataDir('/proc/moraine')).toThrow('the data directory /proc/moraine cannot be used: ');
});

test('finding it makes nothing, changes nothing, and follows a link', () => {
  const path = directory(0o755, 'owner.lock');
  const link = join(root, 'link');
  symlinkSync(path, link);
  expect(findDataDir(link)).toEqual({ path });
  expect(modeOf(path)).toBe(0o755);
});

test('finding tells a missing one from one that is not ours', () => {
  const advice = '`moraine serve` makes one, and --data-dir or MORAINE_DATA_DIR name another';
  const missing = join(root, 'a', 'b');
  expect(() => findDataDir(missing)).toThrow(`there is no data directory ${missing}; ${advice}`);
  expect(readdirSync(root)).toEqual([]);
  const foreign = directory(0o700, 'thesis.tex');
  expect(() => findDataDir(foreign)).toThrow(`${foreign} is no data directory of Moraine; ${advice}`);
  const file = join(foreign, 'thesis.tex');
  expect(() => findDataDir(file)).toThrow(`the data directory ${file} cannot be used: ENOTDIR`);
  expect(() => findDataDir(join(file, 'below'))).toThrow('there is no data directory');
});

test('only the user that the server runs as may work in its directory without it', () => {
  const dataDir = findDataDir(directory(0o700, 'owner.lock'));
  const { uid } = statSync(join(dataDir.path, 'owner.lock'));
  refuseOtherUser(dataDir);
  refuseOtherUser(dataDir, uid);
  expect(() => refuseOtherUser(dataDir, uid + 1)).toThrow(
    `is that of a server that runs as the user with the id ${uid}; run the command as that user`,
  );
});
