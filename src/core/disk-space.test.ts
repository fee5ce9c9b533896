import { beforeEach, describe, expect, test } from 'vitest';
import type { Space } from '../files/space.ts';
import { GIB, limits, MIB } from '../model/limits.ts';
import { Health } from '../telemetry/health.ts';
import { DiskSpace, type DiskSpaceOptions } from './disk-space.ts';

const REFUSED = 'The server cannot complete the request now. Please try again.';
const clock = { atMs: 0 };
const disk: Space = {
  device: 1,
  totalBytes: 0,
  freeBytes: 0,
  totalInodes: 0,
  freeInodes: 0,
  kind: 0xef53,
  isReadOnly: false,
};
beforeEach(() => {
  Object.assign(disk, {
    totalBytes: 100 * GIB,
    freeBytes: 50 * GIB,
    totalInodes: 1e6,
    freeInodes: 1e6,
    isReadOnly: false,
  });
});

function makeSpace(options: Partial<DiskSpaceOptions> = {}) {
  const changes: boolean[] = [];
  const looked: string[] = [];
  const health = new Health({ nowMs: () => 7 });
  const space = new DiskSpace({
    places: [{ name: 'blobs', path: '/blobs' }],
    reserve: 'default',
    health,
    monotonicMs: () => clock.atMs,
    onChange: ({ isLow }) => changes.push(isLow),
    lookAt: async (path) => {
      looked.push(path);
      return { ...disk };
    },
    ...options,
  });
  return { space, changes, looked, health };
}

const later = (): void => {
  clock.atMs += limits.spaceKnownMs;
};

describe('F-10 the reserve', () => {
  test.each([
    [10 * GIB, 256 * MIB],
    [100 * GIB, GIB],
    [4096 * GIB, 10 * GIB],
  ])('of %i bytes is a hundredth, within bounds', async (totalBytes, reserveBytes) => {
    disk.totalBytes = totalBytes;
    const [place] = await makeSpace().space.look();
    expect(place?.reserveBytes).toBe(Math.floor(reserveBytes));
  });

  test('stays free whatever is let in', async () => {
    disk.freeBytes = GIB + 10;
    const { space } = makeSpace();
    await expect(space.admit(11)).rejects.toThrow(REFUSED);
    using first = await space.admit(6);
    await expect(space.admit(5)).rejects.toThrow(REFUSED);
    using _ = await space.admit(4);
    expect(space.uploads).toBe(2);
    first.received(5);
    using _more = await space.admit(5);
    await expect(space.admit(1)).rejects.toThrow(REFUSED);
  });

  test('what an upload has not brought is free again when it ends', async () => {
    disk.freeBytes = GIB + 10;
    const { space } = makeSpace();
    (await space.admit(10))[Symbol.dispose]();
    (await space.admit(10))[Symbol.dispose]();
    expect(space.uploads).toBe(0);
  });

  test('is told of when it is touched and when it is whole again, without a restart', async () => {
    const { space, changes, health } = makeSpace();
    disk.freeBytes = GIB - 1;
    await expect(space.admit(1)).rejects.toThrow(REFUSED);
    later();
    await expect(space.admit(1)).rejects.toThrow(REFUSED);
    expect(health.reasons()).toEqual([{ reason: 'low-space', sinceMs: 7 }]);
    disk.freeBytes = 2 * GIB;
    later();
    using _ = await space.admit(1);
    expect(health.reasons()).toEqual([]);
    expect(changes).toEqual([true, false]);
  });

  test('of the metadata is not for bodies', async () => {
    disk.freeBytes = GIB + 10;
    const { space } = makeSpace({ places: [{ name: 'metadata', path: '/metadata' }] });
    using _ = await space.admit(5 * GIB);
    disk.freeBytes = GIB - 1;
    later();
    await expect(space.admit(1)).rejects.toThrow(REFUSED);
  });

  test('can be set, and switched off', async () => {
    disk.freeBytes = 10;
    using _ = await makeSpace({ reserve: 5 }).space.admit(5);
    await expect(makeSpace({ reserve: 5 }).space.admit(6)).rejects.toThrow(REFUSED);
    const { space, looked } = makeSpace({ reserve: 0 });
    using _off = await space.admit(1000);
    expect(looked).toEqual([]);
  });
});

test('F-11 inodes count where there is a fixed number of them', async () => {
  disk.freeInodes = 9_999;
  await expect(makeSpace().space.admit(1)).rejects.toThrow(REFUSED);
  disk.totalInodes = 0;
  disk.freeInodes = 0;
  using _ = await makeSpace().space.admit(1);
});

test('F-15 a file system that is mounted read-only takes no uploads, until it is writable again', async () => {
  const { space, health } = makeSpace();
  disk.isReadOnly = true;
  await expect(space.admit(1)).rejects.toThrow(REFUSED);
  expect(health.reasons()).toEqual([{ reason: 'read-only', sinceMs: 7 }]);
  disk.isReadOnly = false;
  later();
  using _ = await space.admit(1);
  expect(health.reasons()).toEqual([]);
});

test('it is looked once in a while, however many ask, and never twice at once', async () => {
  const { space, looked } = makeSpace();
  await Promise.all([space.look(), space.admit(1), space.look()]);
  await space.look();
  expect(looked).toEqual(['/blobs']);
  later();
  await space.look();
  expect(looked).toHaveLength(2);
});

test('a mirror that goes away refuses uploads and is told of, until it is back; the other disks are looked at meanwhile', async () => {
  const mirror = { isGone: false };
  const { space, health } = makeSpace({
    places: [
      { name: 'blobs', path: '/blobs' },
      { name: 'mirror', path: '/mirror' },
    ],
    lookAt: async (path) => {
      if (path === '/mirror' && mirror.isGone) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
      return { ...disk };
    },
  });
  const reasons = () => health.reasons().map(({ reason }) => reason);
  (await space.admit(1))[Symbol.dispose]();
  mirror.isGone = true;
  disk.freeBytes = 1;
  later();
  await expect(space.admit(1)).rejects.toThrow(REFUSED);
  expect(reasons()).toEqual(['low-space', 'mirror-failing']);
  disk.freeBytes = 50 * GIB;
  later();
  await expect(space.admit(1)).rejects.toThrow(REFUSED);
  expect(reasons()).toEqual(['mirror-failing']);
  mirror.isGone = false;
  later();
  (await space.admit(1))[Symbol.dispose]();
  expect(reasons()).toEqual([]);
});
