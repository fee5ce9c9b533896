import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  T0,
  type TestArrangement,
  testArrangement,
  testLog,
  uploadBytes,
  VAULT,
} from '../../test/support/arrangement.ts';
import { noise } from '../../test/support/hashes.ts';
import { HOUR_MS, limits, MINUTE_MS } from '../model/limits.ts';
import { JobLoop } from './job-loop.ts';

/**
 * Whatever workers do, crash, hang, lose their leases or come back from the dead, and whatever the wall clock does: every
 * job ends, and only one end of it is ever written.
 */
let arrangement: TestArrangement;
let archiveId = '';
beforeEach(async () => {
  arrangement = await testArrangement();
  archiveId = await uploadBytes(arrangement, noise(1000));
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const notes = { vault: VAULT, description: null, snsTopic: null };
const whole = { startAtMs: null, endAtMs: null, limit: null, marker: null };
const KINDS = ['Expedited', 'Standard', 'Bulk', 'inventory'] as const;

type Step =
  | { do: 'start'; kind: (typeof KINDS)[number]; count: number; delayMs: number }
  | { do: 'work'; turns: number }
  | { do: 'crash'; turns: number; isBack: boolean }
  | { do: 'fail'; turns: number }
  | { do: 'restart' }
  | { do: 'clock'; byMs: number };

const turns = fc.integer({ min: 0, max: 40 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('start' as const),
    kind: fc.constantFrom(...KINDS),
    count: fc.integer({ min: 1, max: 12 }),
    delayMs: fc.constantFrom(0, 0, MINUTE_MS),
  }),
  fc.record({ do: fc.constant('work' as const), turns }),
  fc.record({ do: fc.constant('crash' as const), turns, isBack: fc.boolean() }),
  fc.record({ do: fc.constant('fail' as const), turns }),
  fc.record({ do: fc.constant('restart' as const) }),
  fc.record({ do: fc.constant('clock' as const), byMs: fc.constantFrom(1000, MINUTE_MS, HOUR_MS, -HOUR_MS) }),
);

const pass = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

interface Hung {
  loop: JobLoop;
  letGo: () => void;
}

class Run {
  readonly ids: string[] = [];
  readonly ends = new Map<number, number>();
  /** Workers that were taken for dead; let go, they go on from where they were. */
  readonly #back: Hung[] = [];
  /** Those who are let go when everything has ended. */
  readonly #dead: Hung[] = [];

  watch(): void {
    const { jobQueue } = arrangement.given.metadata;
    const end = jobQueue.end;
    vi.spyOn(jobQueue, 'end').mockImplementation(async (how) => {
      const ended = await end(how);
      if (ended !== undefined) this.ends.set(how.lease.jobKey, (this.ends.get(how.lease.jobKey) ?? 0) + 1);
      return ended;
    });
  }

  async take(next: Step): Promise<void> {
    if (next.do === 'start') await this.#start(next);
    if (next.do === 'clock') arrangement.clock.atMs += next.byMs;
    if (next.do === 'work') await this.#work(next.turns);
    if (next.do === 'crash') await this.#crash(next);
    if (next.do === 'fail') await this.#fail(next.turns);
    if (next.do === 'restart') await this.#restart();
  }

  async #start({ kind, count, delayMs }: Extract<Step, { do: 'start' }>): Promise<void> {
    const { core, given } = arrangement;
    const delay = { minMs: delayMs, maxMs: delayMs };
    given.retrievalTimes = { expedited: delay, standard: delay, bulk: delay, inventory: delay };
    for (let index = 0; index < count; index += 1) {
      const id =
        kind === 'inventory'
          ? await core.jobs.retrieveInventory({ ...notes, format: 'JSON', ...whole })
          : await core.jobs.retrieveArchive({ ...notes, archiveId, range: null, tier: kind });
      this.ids.push(id);
    }
  }

  #loop(given = arrangement.given): JobLoop {
    const loop = new JobLoop(given, testLog().log, { onMessage: () => undefined });
    loop.start();
    return loop;
  }

  async #work(count: number): Promise<void> {
    const loop = this.#loop();
    await pass(count);
    await loop[Symbol.asyncDispose]();
  }

  /** A worker that hangs wherever it is just then; it comes back when others have its jobs, or have ended them. */
  async #crash({ turns: count, isBack }: Extract<Step, { do: 'crash' }>): Promise<void> {
    const { given } = arrangement;
    const hung = Promise.withResolvers<void>();
    let isHung = false;
    const { jobQueue } = given.metadata;
    /** Late, when others may have what it held. */
    const lateOr =
      <Asked, Told>(answer: (asked: Asked) => Promise<Told>) =>
      async (asked: Asked) => {
        if (isHung) await hung.promise;
        return answer(asked);
      };
    const late = {
      end: lateOr(jobQueue.end),
      claimDue: lateOr(jobQueue.claimDue),
      renew: lateOr(jobQueue.renew),
      release: lateOr(jobQueue.release),
      giveBack: lateOr(jobQueue.giveBack),
    };
    const loop = this.#loop({ ...given, metadata: { ...given.metadata, jobQueue: { ...jobQueue, ...late } } });
    await pass(count);
    isHung = true;
    (isBack ? this.#back : this.#dead).push({ loop, letGo: hung.resolve });
    arrangement.clock.atMs += limits.jobLeaseMs;
  }

  async #fail(count: number): Promise<void> {
    const { blobs } = arrangement.given;
    const failing = vi.spyOn(blobs, 'stat').mockRejectedValue(new Error('the disk is away'));
    await this.#work(count);
    failing.mockRestore();
  }

  async #restart(): Promise<void> {
    await this.#wake(this.#back);
    await this.#wake(this.#dead);
    await arrangement.restart();
    this.watch();
  }

  async #wake(hung: Hung[]): Promise<void> {
    for (const { loop, letGo } of hung.splice(0)) {
      letGo();
      await loop[Symbol.asyncDispose]();
    }
  }

  /** Everything that is left, however long it has to wait. */
  async finish(): Promise<void> {
    await this.#wake(this.#back);
    for (let round = 0; round < 1000; round += 1) {
      const dueAtMs = Object.values(await arrangement.given.metadata.jobQueue.nextDueAtMs()).filter(
        (at) => at !== null,
      );
      if (dueAtMs.length === 0) return this.#wake(this.#dead);
      arrangement.clock.atMs = Math.max(arrangement.clock.atMs, ...dueAtMs);
      await this.#work(20);
    }
    throw new Error('jobs are left');
  }
}

test('every job of every queue ends exactly once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      arrangement.clock.atMs = T0;
      const run = new Run();
      run.watch();
      for (const next of steps) await run.take(next);
      await run.finish();
      const ended = await Promise.all(run.ids.map((id) => arrangement.core.jobs.describe({ vault: VAULT, id })));
      expect(ended.filter(({ status }) => status === 'InProgress')).toEqual([]);
      expect(ended.map(({ key }) => run.ends.get(key))).toEqual(run.ids.map(() => 1));
      vi.restoreAllMocks();
    }),
    { numRuns: 25 },
  );
}, 120_000);
