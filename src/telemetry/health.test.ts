import { expect, test } from 'vitest';
import { DAY_MS, limits } from '../model/limits.ts';
import { Health } from './health.ts';

const T0 = Date.parse('2031-05-06T07:08:09Z');

function makeHealth() {
  const clock = { atMs: T0, nowMs: () => clock.atMs };
  return { clock, health: new Health(clock) };
}

const damage = (archiveId: string, atMs = T0) => ({ archiveId, blobId: 'b', what: 'frame 3 does not match', atMs });

test('a server about which nothing was said is well', () => {
  const { health } = makeHealth();
  expect(health.reasons()).toEqual([]);
  expect(health.failures).toEqual({ fsync: 0, read: 0, write: 0 });
  expect(health.scrub).toBeUndefined();
});

test('a reason holds from when it was first said until it is taken back', () => {
  const { health, clock } = makeHealth();
  health.set('mirror-failing', true);
  clock.atMs += 5;
  health.set('mirror-failing', true);
  health.set('low-space', true);
  expect(health.reasons()).toEqual([
    { reason: 'low-space', sinceMs: T0 + 5 },
    { reason: 'mirror-failing', sinceMs: T0 },
  ]);
  health.set('mirror-failing', false);
  health.set('low-space', false);
  health.set('low-space', false);
  expect(health.reasons()).toEqual([]);
});

test('F-12 a failed fsync is counted, and a reason to look at the disk for a day', () => {
  const { health, clock } = makeHealth();
  health.noteFailure('fsync', 'EIO: i/o error, fsync');
  expect(health.failures).toEqual({ fsync: 1, read: 0, write: 0 });
  expect(health.lastFailure).toEqual({ kind: 'fsync', what: 'EIO: i/o error, fsync', atMs: T0 });
  clock.atMs += DAY_MS - 1;
  expect(health.reasons()).toEqual([{ reason: 'disk-errors', sinceMs: T0 }]);
  clock.atMs += 1;
  expect(health.reasons()).toEqual([]);
  expect(health.failures.fsync).toBe(1);
});

test('damage is a reason as long as one archive is damaged', () => {
  const { health } = makeHealth();
  health.noteDamage(damage('one'));
  health.noteDamage(damage('other', T0 + 1));
  health.noteDamage(damage('one', T0 + 2));
  expect(health.damage.map(({ archiveId, atMs }) => [archiveId, atMs])).toEqual([
    ['one', T0 + 2],
    ['other', T0 + 1],
  ]);
  health.noteWhole('one');
  expect(health.reasons()).toEqual([{ reason: 'damage', sinceMs: T0 + 1 }]);
  health.noteWhole('other');
  expect(health.reasons()).toEqual([]);
});

test('however many archives are damaged, so many are kept in mind and no more', () => {
  const { health } = makeHealth();
  for (let index = 0; index <= limits.damagedArchivesShownMax; index += 1) health.noteDamage(damage(`${index}`));
  expect(health.damage).toHaveLength(limits.damagedArchivesShownMax);
});

test('what is looked up holds as long as it is found, from when it was first found', () => {
  const { health, clock } = makeHealth();
  const hung: string[] = [];
  health.watch('disk-hung', () => hung.length > 0);
  expect(health.reasons()).toEqual([]);
  hung.push('/blobs');
  expect(health.reasons()).toEqual([{ reason: 'disk-hung', sinceMs: T0 }]);
  clock.atMs += 5;
  expect(health.reasons()).toEqual([{ reason: 'disk-hung', sinceMs: T0 }]);
  hung.pop();
  expect(health.reasons()).toEqual([]);
});
