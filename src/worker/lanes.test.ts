import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TestArrangement, testArrangement, testLog, uploadBytes, VAULT } from '../../test/support/arrangement.ts';
import { breakJob } from '../../test/support/break-job.ts';
import { noise } from '../../test/support/hashes.ts';
import { repeatJob } from '../../test/support/repeat-job.ts';
import { QUEUE_NAMES, type Tier } from '../model/jobs.ts';
import { HOUR_MS, limits, SECOND_MS } from '../model/limits.ts';
import { JobLoop } from './job-loop.ts';

/** Many jobs of all kinds: what each may take, and what the database is asked for meanwhile. */
let arrangement: TestArrangement;
let archiveId = '';
beforeEach(async () => {
  arrangement = await testArrangement();
  archiveId = await uploadBytes(arrangement, noise(1000));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await arrangement[Symbol.asyncDispose]();
});

const notes = { vault: VAULT, description: null, snsTopic: null };
const whole = { startAtMs: null, endAtMs: null, limit: null, marker: null };
const jobs = () => arrangement.core.jobs;
const retrieve = (tier: Tier) => jobs().retrieveArchive({ ...notes, archiveId, range: null, tier });
const listInventory = () => jobs().retrieveInventory({ ...notes, format: 'JSON', ...whole });
const many = <T>(count: number, start: () => Promise<T>) => Promise.all(Array.from({ length: count }, start));
const statusOf = async (id: string) => (await jobs().describe({ vault: VAULT, id })).status;
const soon = (check: () => void | Promise<void>) => vi.waitFor(check, { interval: 2, timeout: 4000 });
const queueOf = () => arrangement.given.metadata.jobQueue;
const settle = async () => {
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
/** The same without timers, which may be those of the test. */
const until = async (check: () => Promise<boolean>) => {
  while (!(await check())) await new Promise((resolve) => setImmediate(resolve));
};
const isDone = async (id: string) => (await statusOf(id)) === 'Succeeded';
async function withLoop(during: (loop: JobLoop) => Promise<void>): Promise<string[]> {
  const { log, said } = testLog();
  await using loop = new JobLoop(arrangement.given, log, { onMessage: () => undefined });
  loop.start();
  await during(loop);
  return said;
}

/** Holds every look at a blob up until `open` is called, and counts those that wait. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { blobs } = arrangement.given;
  const stat = blobs.stat.bind(blobs);
  const looks = vi.spyOn(blobs, 'stat').mockImplementation(async (blobId) => {
    await promise;
    return stat(blobId);
  });
  return { looks, open: resolve };
}

describe('lanes', () => {
  test('run so many jobs at once of each queue, and have claimed so many more, and none besides', async () => {
    const held = gate();
    const claimable = { Expedited: 32 + 64, Standard: 16 + 32, Bulk: 8 + 16 };
    for (const tier of ['Expedited', 'Standard', 'Bulk'] as const) {
      await many(claimable[tier] + 5, () => retrieve(tier));
    }
    await withLoop(async () => {
      await soon(() => expect(held.looks).toHaveBeenCalledTimes(32 + 16 + 8));
      await settle();
      expect(held.looks).toHaveBeenCalledTimes(32 + 16 + 8);
      const claimed = { nowMs: arrangement.clock.nowMs(), leaseUntilMs: Number.MAX_SAFE_INTEGER, token: 'other' };
      for (const queue of ['expedited', 'standard', 'bulk'] as const) {
        expect(await queueOf().claimDue({ ...claimed, queues: [queue], limit: 100 })).toHaveLength(5);
      }
      held.open();
    });
  });

  test('leave room for a Bulk job and an inventory, however many Expedited ones are due', async () => {
    repeatJob(arrangement, { id: await retrieve('Expedited'), count: 10_000 });
    const [bulk, inventory] = [await retrieve('Bulk'), await listInventory()];
    await withLoop(async () => {
      await soon(async () => {
        expect(await Promise.all([bulk, inventory].map(statusOf))).toEqual(['Succeeded', 'Succeeded']);
      });
      expect((await queueOf().nextDueAtMs()).expedited).not.toBeNull();
    });
  });

  test('carry out the jobs of all, each once, with few claims', async () => {
    const claims = vi.spyOn(queueOf(), 'claimDue');
    const ends = vi.spyOn(queueOf(), 'end');
    await many(300, () => retrieve('Expedited'));
    await withLoop(async () => {
      await soon(() => expect(ends).toHaveBeenCalledTimes(300));
    });
    const outcomes = await Promise.all(ends.mock.results.map(({ value }) => value));
    expect(outcomes.every((outcome) => outcome !== undefined)).toBe(true);
    expect(new Set(ends.mock.calls.map(([{ lease }]) => lease.jobKey)).size).toBe(300);
    expect(claims.mock.calls.length).toBeLessThan(30);
  });
});

describe('while nothing is due', () => {
  test('nothing is written, whatever is started for later', async () => {
    for (const name of ['expedited', 'standard', 'bulk', 'inventory'] as const) {
      arrangement.given.retrievalTimes[name] = { minMs: HOUR_MS, maxMs: HOUR_MS };
    }
    const claims = vi.spyOn(queueOf(), 'claimDue');
    const looks = vi.spyOn(queueOf(), 'nextDueAtMs');
    await retrieve('Bulk');
    await withLoop(async (loop) => {
      await soon(() => expect(looks).toHaveBeenCalled());
      await settle();
      const before = looks.mock.calls.length;
      for (let index = 0; index < 50; index += 1) loop.nudge(arrangement.clock.nowMs() + HOUR_MS + index);
      await settle();
      expect(looks).toHaveBeenCalledTimes(before);
      loop.nudge(arrangement.clock.nowMs() + SECOND_MS);
      await soon(() => expect(looks).toHaveBeenCalledTimes(before + 1));
    });
    expect(claims).not.toHaveBeenCalled();
  });

  test('a job that is started while the loop looks is not missed', async () => {
    const real = queueOf().nextDueAtMs.bind(queueOf());
    const looking = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    vi.spyOn(queueOf(), 'nextDueAtMs').mockImplementationOnce(async () => {
      const found = await real();
      looking.resolve();
      await gone.promise;
      return found;
    });
    await withLoop(async (loop) => {
      await looking.promise;
      const id = await retrieve('Standard');
      loop.nudge(arrangement.clock.nowMs());
      gone.resolve();
      await soon(async () => expect(await statusOf(id)).toBe('Succeeded'));
    });
  });
});

test('a job that cannot be read fails, and the others of its queue and of all queues are carried out', async () => {
  const [broken, sound, other] = [await retrieve('Bulk'), await retrieve('Bulk'), await retrieve('Standard')];
  await breakJob(arrangement, broken);
  const said = await withLoop(() =>
    soon(async () => expect(await Promise.all([sound, other].map(statusOf))).toEqual(['Succeeded', 'Succeeded'])),
  );
  expect(said).toEqual(['jobs that cannot be read have failed']);
});

describe('a database that fails', () => {
  test('is left alone for a while, whoever nudges, and what could be claimed is carried out', async () => {
    const real = queueOf().claimDue.bind(queueOf());
    const claims = vi.spyOn(queueOf(), 'claimDue').mockImplementation(async (claim) => {
      if (claim.queues?.includes('bulk')) throw new Error('busy');
      return real(claim);
    });
    const [bulk, expedited] = [await retrieve('Bulk'), await retrieve('Expedited')];
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const said = await withLoop(async (loop) => {
      await until(() => isDone(expedited));
      const before = claims.mock.calls.length;
      for (let index = 0; index < 20; index += 1) {
        loop.nudge(0);
        await settle();
      }
      expect(claims).toHaveBeenCalledTimes(before);
      claims.mockImplementation(real);
      await vi.advanceTimersByTimeAsync(limits.jobClaimPauseMs);
      await until(() => isDone(bulk));
    }).finally(() => vi.useRealTimers());
    expect(said).toEqual(['the job loop failed; it goes on']);
  });

  test('at the stop leaves what was claimed to the next start', async () => {
    const held = gate();
    vi.spyOn(queueOf(), 'giveBack').mockRejectedValueOnce(new Error('full'));
    const ids = await many(40, () => retrieve('Expedited'));
    const said = await withLoop(async () => {
      await soon(() => expect(held.looks).toHaveBeenCalledTimes(limits.jobsRunningMax.expedited));
      setImmediate(held.open);
    });
    expect(said).toEqual(['jobs that were claimed could not be given back']);
    await arrangement.restart();
    await withLoop(() =>
      soon(async () => expect(new Set(await Promise.all(ids.map(statusOf)))).toEqual(new Set(['Succeeded']))),
    );
  });
});

test('a job whose lease was lost before it began is not begun', async () => {
  const held = gate();
  const count = limits.jobsRunningMax.expedited + 1;
  await many(count, () => retrieve('Expedited'));
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const said = await withLoop(async () => {
    await soon(() => expect(held.looks).toHaveBeenCalledTimes(count - 1));
    arrangement.clock.atMs += limits.jobLeaseMs;
    const claim = { nowMs: arrangement.clock.nowMs(), leaseUntilMs: Number.MAX_SAFE_INTEGER, token: 'other' };
    expect(await queueOf().claimDue({ ...claim, queues: QUEUE_NAMES, limit: 100 })).toHaveLength(count);
    const renewed = vi.spyOn(queueOf(), 'renew');
    vi.advanceTimersByTime(limits.jobLeaseMs / 3);
    await soon(() => expect(renewed).toHaveBeenCalledOnce());
    expect(await renewed.mock.results[0]?.value).toEqual([]);
    held.open();
    await settle();
  }).finally(() => vi.useRealTimers());
  expect(held.looks).toHaveBeenCalledTimes(count - 1);
  expect(said).toEqual([]);
});

test('a lease that a jump of the clock has ended is renewed, and its job not begun twice', async () => {
  const held = gate();
  const id = await retrieve('Standard');
  await withLoop(async (loop) => {
    await soon(() => expect(held.looks).toHaveBeenCalledTimes(1));
    const claims = vi.spyOn(queueOf(), 'claimDue');
    arrangement.clock.atMs += HOUR_MS;
    loop.nudge(0);
    await soon(() => expect(claims).toHaveBeenCalledOnce());
    await settle();
    expect(held.looks).toHaveBeenCalledTimes(1);
    held.open();
    await soon(async () => expect(await statusOf(id)).toBe('Succeeded'));
  });
});
