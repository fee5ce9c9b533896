import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { kindOfFileSystem, spaceAt } from './space.ts';

test('a directory has a file system with room on it', async () => {
  const space = await spaceAt(tmpdir());
  expect(space.totalBytes).toBeGreaterThan(space.freeBytes);
  expect(space.freeBytes).toBeGreaterThan(0);
  expect(space.isReadOnly).toBe(false);
});

test('a directory that is not there is an error', async () => {
  await expect(spaceAt('/nowhere/at/all')).rejects.toThrow('ENOENT');
});

test.each([
  [0xef53, 'ext4', false],
  [0x6969, 'nfs', true],
  [-11317950, 'cifs', true],
  [0x1234, '0x1234', false],
])('the kind %i is %s', (kind, name, isRemote) => {
  expect(kindOfFileSystem(kind)).toEqual({ name, isRemote });
});
