import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  CLOCK_TOLERANCE_MS,
  T0,
  type TestArrangement,
  testArrangement,
  uploadBytes,
  uploadParts,
  VAULT,
} from '../../test/support/arrangement.ts';
import { denial, lockVault, mayRoot, retention, tamper } from '../../test/support/locks.ts';
import { DAY_MS, HOUR_MS, MIB, MINUTE_MS } from '../model/limits.ts';

const YEAR_MS = 365 * DAY_MS;

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await arrangement[Symbol.asyncDispose]();
});

const trusted = () => arrangement.given.retention.nowMs();
const pass = (ms: number) => {
  arrangement.clock.atMs += ms;
};
const setOff = (ms: number) => {
  arrangement.clock.offByMs = ms;
};
/** The server stands still for this long: no process lives through it. */
async function standStill(ms: number): Promise<void> {
  await arrangement.given.retention.save();
  arrangement.clock.atMs += ms;
  await arrangement.restart();
}

describe('trusted time', () => {
  test('is the wall clock’s as long as nothing happens', () => {
    expect(trusted()).toBe(T0);
    pass(HOUR_MS);
    expect(trusted()).toBe(T0 + HOUR_MS);
    expect(arrangement.given.retention.show()).toEqual({
      trustedAt: '2031-05-06T08:08:09.123Z',
      wallClockAt: '2031-05-06T08:08:09.123Z',
      unprovenMs: 0,
      toleranceMs: CLOCK_TOLERANCE_MS,
      suspectSince: null,
    });
  });

  test('S-62 F-19 is not held up by a wall clock that is set back, nor by a restart then', async () => {
    pass(HOUR_MS);
    setOff(-2 * YEAR_MS);
    pass(HOUR_MS);
    expect(trusted()).toBe(T0 + 2 * HOUR_MS);
    await standStill(HOUR_MS);
    expect(trusted()).toBe(T0 + 2 * HOUR_MS);
    pass(HOUR_MS);
    expect(trusted()).toBe(T0 + 3 * HOUR_MS);
    expect(arrangement.alarms).toEqual([]);
  });

  test('goes on over a restart, and what was not kept is believed once more', async () => {
    await arrangement.given.retention.save();
    pass(MINUTE_MS);
    await arrangement.restart();
    expect(trusted()).toBe(T0 + MINUTE_MS);
    expect(arrangement.given.retention.show()).toMatchObject({ unprovenMs: MINUTE_MS });
  });

  test('is kept when the server is stopped', async () => {
    pass(HOUR_MS);
    await arrangement.given.retention[Symbol.asyncDispose]();
    expect(await arrangement.given.metadata.retentionClock.find()).toMatchObject({ highWaterAtMs: T0 + HOUR_MS });
  });

  test('that cannot be kept harms nothing', async () => {
    const { metadata, retention: clock } = arrangement.given;
    vi.spyOn(metadata.retentionClock, 'save').mockRejectedValue(new Error('disk full'));
    pass(HOUR_MS);
    expect(clock.nowMs()).toBe(T0 + HOUR_MS);
    await expect(clock.save()).rejects.toThrow('disk full');
    await clock[Symbol.asyncDispose]();
  });

  test('begins with the newest archive when the wall clock of the first start is behind', async () => {
    pass(HOUR_MS);
    await uploadBytes(arrangement, Buffer.from('x'));
    await tamper(arrangement, 'delete from retention_clock');
    setOff(-DAY_MS);
    await arrangement.restart();
    expect(trusted()).toBe(T0 + HOUR_MS);
    expect(arrangement.alarms).toEqual([]);
  });

  test('begins suspect, with the wall clock, when the newest archive is dated far ahead of it', async () => {
    await uploadBytes(arrangement, Buffer.from('x'));
    await tamper(arrangement, `delete from retention_clock; update vaults set written_at = ${T0 + 4000 * DAY_MS}`);
    await arrangement.restart();
    expect(arrangement.given.retention.isSuspect).toBe(true);
    expect(trusted()).toBe(T0);
    expect(arrangement.alarms).toEqual([expect.stringMatching(/^warn: the wall clock is not believed/)]);
    await lockVault(arrangement, retention(3650));
    const archiveId = await uploadBytes(arrangement, Buffer.from('kept'));
    await arrangement.given.retention.confirm();
    expect(await mayRoot(arrangement, 'DeleteArchive', { archiveId })).toBe(false);
  });
});

describe('S-62 a wall clock that jumps too far', () => {
  test('is not believed until an operator confirms it, over restarts and when it comes back', async () => {
    setOff(2 * YEAR_MS);
    const { retention: clock } = arrangement.given;
    expect([clock.isSuspect, clock.nowMs()]).toEqual([true, T0]);
    expect(arrangement.alarms).toHaveLength(1);
    await standStill(DAY_MS);
    setOff(0);
    const after = arrangement.given.retention;
    expect([after.isSuspect, after.nowMs()]).toEqual([true, T0]);
    expect(arrangement.alarms).toHaveLength(2);
    expect(after.show().suspectSince).toBe('2031-05-06T07:08:09.123Z');
    expect(await after.confirm()).toMatchObject({ suspectSince: null, trustedAt: '2031-05-07T07:08:09.123Z' });
    await arrangement.restart();
    expect([arrangement.given.retention.isSuspect, trusted()]).toEqual([false, T0 + DAY_MS]);
    expect(arrangement.alarms).toHaveLength(3);
  });

  test('is warned of where no vault was ever locked, and else is an error', async () => {
    setOff(2 * YEAR_MS);
    expect(arrangement.given.retention.isSuspect).toBe(true);
    await lockVault(arrangement, denial());
    await standStill(0);
    expect(arrangement.alarms).toEqual([
      expect.stringMatching(/^warn: the wall clock is not believed/),
      expect.stringMatching(/^error: the wall clock is not believed/),
    ]);
  });

  test('leaves a trace when it is confirmed, and nothing is confirmed while it is believed', async () => {
    const { retention: clock } = arrangement.given;
    setOff(6 * DAY_MS);
    expect(clock.nowMs()).toBe(T0 + 6 * DAY_MS);
    setOff(0);
    await expect(clock.confirm()).rejects.toThrow('the wall clock is believed: there is nothing to confirm');
    expect(clock.nowMs()).toBe(T0 + 6 * DAY_MS);
    setOff(2 * YEAR_MS);
    await clock.confirm();
    expect(arrangement.alarms.slice(1)).toEqual([
      'error: an operator has confirmed the wall clock: ages of archives go by it from now on',
    ]);
  });

  test('in small steps is not believed either', async () => {
    for (let step = 1; step <= 7; step += 1) {
      setOff(step * 0.99 * DAY_MS);
      expect(arrangement.given.retention.isSuspect).toBe(false);
      await standStill(0);
    }
    setOff(8 * DAY_MS);
    expect(arrangement.given.retention.isSuspect).toBe(true);
    expect(trusted()).toBeLessThan(T0 + CLOCK_TOLERANCE_MS);
  });

  test('S-64 is told by locks that were kept when the time was not', async () => {
    await lockVault(arrangement, denial());
    await tamper(arrangement, 'delete from retention_clock');
    setOff(2 * YEAR_MS);
    await arrangement.restart();
    expect([arrangement.given.retention.isSuspect, trusted()]).toEqual([true, T0]);
  });
});

describe('S-60 retention of a year', () => {
  const mayDelete = (archiveId: string) => mayRoot(arrangement, 'DeleteArchive', { archiveId });

  test('denies on day 364 and not on day 365', async () => {
    await lockVault(arrangement, retention(365));
    const archiveId = await uploadBytes(arrangement, Buffer.from('kept'));
    pass(YEAR_MS - 1);
    expect(await mayDelete(archiveId)).toBe(false);
    pass(1);
    expect(await mayDelete(archiveId)).toBe(true);
  });

  test('S-62 is not shortened by a jump of two years, whatever was confirmed since', async () => {
    await lockVault(arrangement, retention(365));
    const archiveId = await uploadBytes(arrangement, Buffer.from('kept'));
    setOff(2 * YEAR_MS);
    expect(await mayDelete(archiveId)).toBe(false);
    setOff(0);
    expect(await mayDelete(archiveId)).toBe(false);
    await arrangement.given.retention.confirm();
    expect(await mayDelete(archiveId)).toBe(false);
    pass(YEAR_MS);
    expect(await mayDelete(archiveId)).toBe(true);
    // Not even what is old enough may go while nobody knows how late it is.
    setOff(2 * YEAR_MS);
    expect(await mayDelete(archiveId)).toBe(false);
  });

  test('counts for archives made while the clock was behind, multipart ones too', async () => {
    await lockVault(arrangement, retention(365));
    setOff(-2 * YEAR_MS);
    const bytes = Buffer.alloc(MIB + 1);
    const ids = [
      await uploadBytes(arrangement, Buffer.from('kept')),
      await uploadParts(arrangement, { bytes, partSizeBytes: MIB }),
    ];
    setOff(0);
    for (const id of ids) expect(await mayDelete(id)).toBe(false);
    const archive = await arrangement.given.metadata.archives.find({ accountId: VAULT.accountId, id: ids[0] ?? '' });
    expect(archive?.createdAtMs).toBe(T0);
    pass(YEAR_MS);
    for (const id of ids) expect(await mayDelete(id)).toBe(true);
  });

  test('S-62 by date is no more hurried than one by age', async () => {
    const date = new Date(T0 + YEAR_MS).toISOString();
    await lockVault(arrangement, denial({ Condition: { DateLessThan: { 'aws:CurrentTime': date } } }));
    const archiveId = await uploadBytes(arrangement, Buffer.from('kept'));
    setOff(2 * YEAR_MS);
    expect(await mayDelete(archiveId)).toBe(false);
    setOff(0);
    await arrangement.given.retention.confirm();
    pass(YEAR_MS);
    expect(await mayDelete(archiveId)).toBe(true);
  });
});
