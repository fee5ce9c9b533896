import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NewJob } from '../../src/metadata/job-rows.ts';
import { sizeOf } from '../../src/model/byte-range.ts';
import type { Tier } from '../../src/model/jobs.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/model/limits.ts';
import type { RetrievalPolicy } from '../../src/model/retrieval-policies.ts';
import {
  archiveJob,
  FAR_AT_MS,
  inventoryJob,
  jobEnd,
  type MetadataUnderTest,
  newArchive,
  newUnit,
  newVault,
  present,
  T0,
} from './metadata-fixtures.ts';

const DAYS_IN_MAY = 31;
const HUGE_BYTES = 40 * 2 ** 40;

export function retrievalContract(tested: () => MetadataUnderTest): void {
  let accounts = 0;
  /** An account of its own with two vaults, each with an archive. */
  async function retriever() {
    accounts += 1;
    const accountId = `6${String(accounts).padStart(11, '0')}`;
    const { metadata } = tested();
    const places = await Promise.all(
      [1, 2].map(async () => {
        const vault = await newVault(metadata, { accountId });
        return { vault, archive: await newArchive(metadata, { vaultKey: vault.key, accountId }) };
      }),
    );
    const place = (index: number) => present(places[index]);
    interface Ask {
      tier?: Tier;
      sizeBytes?: number;
      nowMs?: number;
      vault?: 0 | 1;
      slots?: number;
    }
    const jobOf = ({ tier = 'Standard', sizeBytes = 10, nowMs = T0, vault = 0 }: Ask = {}): NewJob => ({
      ...archiveJob({ vaultKey: place(vault).vault.key, archive: place(vault).archive, nowMs, readyAtMs: FAR_AT_MS }),
      tier,
      range: { startByte: 1000, endByte: 999 + sizeBytes },
    });
    const start = (ask: Ask = {}) =>
      metadata.jobs.create(jobOf(ask), { freeBytesPerMonth: 100 * DAYS_IN_MAY, expeditedSlots: ask.slots ?? null });
    const set = (policy: RetrievalPolicy) => metadata.retrievalPolicies.set({ accountId, policy });
    const rate = (bytesPerHour: bigint) => set({ strategy: 'BytesPerHour', bytesPerHour });
    const jobIds = async () => {
      const filter = { status: null, completed: null, after: null, limit: 1000, nowMs: T0 };
      const pages = places.map(({ vault }) => metadata.jobs.list({ ...filter, vaultKey: vault.key }));
      return (await Promise.all(pages)).flatMap(({ jobs }) => jobs).map(({ id }) => id);
    };
    return { accountId, metadata, place, jobOf, start, set, rate, jobIds };
  }

  describe('a data retrieval policy', () => {
    test('is None until one is set, and the last one that was set', async () => {
      const { metadata, accountId, set } = await retriever();
      const now = () => metadata.retrievalPolicies.find(accountId);
      expect(await now()).toEqual({ strategy: 'None' });
      const policies: RetrievalPolicy[] = [
        { strategy: 'BytesPerHour', bytesPerHour: 2n ** 63n - 1n },
        { strategy: 'BytesPerHour', bytesPerHour: 2n ** 53n + 1n },
        { strategy: 'FreeTier' },
        { strategy: 'BytesPerHour', bytesPerHour: 1n },
        { strategy: 'None' },
      ];
      for (const policy of policies) {
        await set(policy);
        expect(await now()).toEqual(policy);
      }
      expect(await metadata.retrievalPolicies.find('699999999999')).toEqual({ strategy: 'None' });
    });
  });

  describe('under BytesPerHour', () => {
    test('running Standard jobs of all vaults of the account count, and no others', async () => {
      const { start, rate, jobIds, metadata, place } = await retriever();
      const other = await retriever();
      await rate(100n);
      expect(await start({ sizeBytes: 401 })).toBe('policy-enforced');
      expect(await jobIds()).toEqual([]);
      for (const tier of ['Bulk', 'Expedited'] as const) expect(await start({ tier, sizeBytes: 9999 })).toBe('created');
      expect(await metadata.jobs.create(inventoryJob({ vaultKey: place(0).vault.key, readyAtMs: FAR_AT_MS }))).toBe(
        'created',
      );
      expect(await other.start({ sizeBytes: 9999 })).toBe('created');
      expect(await start({ sizeBytes: 300 })).toBe('created');
      expect(await start({ sizeBytes: 101, vault: 1 })).toBe('policy-enforced');
      expect(await start({ sizeBytes: 100, vault: 1 })).toBe('created');
      expect(await start({ sizeBytes: 1 })).toBe('policy-enforced');
      expect(await start({ tier: 'Bulk', sizeBytes: 9999 })).toBe('created');
      expect(await start({ tier: 'Expedited', sizeBytes: 9999 })).toBe('created');
    });

    test('a job that has ended makes room', async () => {
      const { metadata, start, rate, jobOf } = await retriever();
      await rate(100n);
      const atMs = T0 - 5000 * HOUR_MS;
      await metadata.jobs.create({ ...jobOf({ sizeBytes: 400 }), readyAtMs: atMs });
      expect(await start()).toBe('policy-enforced');
      const [claimed] = await metadata.jobQueue.claimDue({ nowMs: atMs, leaseUntilMs: atMs, token: 'room', limit: 1 });
      await metadata.jobQueue.end(jobEnd({ jobKey: present(claimed).key, token: 'room' }));
      expect(await start({ sizeBytes: 400 })).toBe('created');
    });

    test('of many at once only those pass that may pass together', async () => {
      const { start, rate, jobIds } = await retriever();
      await rate(100n);
      const asked = Array.from({ length: 10 }, (_, index) => start({ sizeBytes: 150, vault: index % 2 === 0 ? 0 : 1 }));
      expect((await Promise.all(asked)).filter((outcome) => outcome === 'created')).toHaveLength(2);
      expect(await jobIds()).toHaveLength(2);
    });

    test('sums and caps beyond 2^53 are exact', async () => {
      const { start, rate } = await retriever();
      // Of 256 jobs, 2^53 + 2^51 bytes together.
      for (let count = 0; count < 256; count += 1) await start({ sizeBytes: HUGE_BYTES });
      const hours = (bytes: bigint) => bytes / 4n;
      const running = 256n * BigInt(HUGE_BYTES);
      await rate(hours(running));
      expect(await start({ sizeBytes: 1 })).toBe('policy-enforced');
      await rate(hours(running) + 1n);
      expect(await start({ sizeBytes: 5 })).toBe('policy-enforced');
      expect(await start({ sizeBytes: 4 })).toBe('created');
      await rate(2n ** 63n - 1n);
      expect(await start({ sizeBytes: HUGE_BYTES })).toBe('created');
    });
  });

  test('under BytesPerHour sums beyond 2^63 are too much, not an error', async () => {
    const { start, rate, place } = await retriever();
    for (const vault of [0, 1] as const) await countRunning(place(vault).vault.key, 2n ** 63n - 1n);
    await rate(2n ** 61n);
    expect(await start()).toBe('policy-enforced');
    await rate(2n ** 62n + 2n);
    expect(await start()).toBe('created');
    for (const vault of [0, 1] as const) await countRunning(place(vault).vault.key, vault === 0 ? 10n : 0n);
  });

  const UNCLAIMED_MS = -2e12;
  const sizes = fc.array(fc.integer({ min: 1, max: 2 ** 52 }), { minLength: 1, maxLength: 5 });

  test('a vault counts running Standard retrievals as a naive sum would, however much they are', async () => {
    const { metadata, jobOf, place } = await retriever();
    const { key: vaultKey } = place(0).vault;
    await fc.assert(
      fc.asyncProperty(fc.bigInt({ min: 0n, max: 2n ** 80n }), sizes, async (before, sizesBytes) => {
        await countRunning(vaultKey, before);
        let naive = before;
        for (const sizeBytes of sizesBytes) {
          await metadata.jobs.create({ ...jobOf({ sizeBytes }), readyAtMs: UNCLAIMED_MS });
          naive += BigInt(sizeBytes);
          expect(await countedRunning(vaultKey)).toBe(naive);
        }
        const claim = { nowMs: UNCLAIMED_MS, leaseUntilMs: 0, token: 'naive', limit: 10 };
        for (const job of await metadata.jobQueue.claimDue(claim)) {
          const end = jobEnd({ jobKey: job.key, token: 'naive' });
          // Once, however often it is said.
          for (const _ of [1, 2]) await metadata.jobQueue.end(end);
          naive -= job.kind === 'archive-retrieval' ? BigInt(sizeOf(job.range)) : 0n;
          expect(await countedRunning(vaultKey)).toBe(naive);
        }
        expect(naive).toBe(before);
      }),
      { numRuns: 20 },
    );
    await countRunning(vaultKey, 0n);
  });

  /** Makes a vault count so much. */
  const countRunning = (vaultKey: number, bytes: bigint) =>
    tested().change(
      `update vaults set running_bytes_high = ${bytes >> 32n}, running_bytes_low = ${bytes & 0xffffffffn}
      where key = ${vaultKey}`,
    );

  /** What a vault counts. */
  async function countedRunning(vaultKey: number): Promise<bigint> {
    const [row] = await tested().rows(
      `select running_bytes_high as high, running_bytes_low as low from vaults where key = ${vaultKey}`,
    );
    expect(row?.low).toBeLessThan(2 ** 32);
    return (BigInt(Number(row?.high)) << 32n) + BigInt(Number(row?.low));
  }

  describe('under FreeTier', () => {
    test("the day's Standard retrievals count, begun before the policy too, and the next day is free again", async () => {
      const { start, set, rate } = await retriever();
      expect(await start({ sizeBytes: 60 })).toBe('created');
      await rate(1n);
      expect(await start({ sizeBytes: 60 })).toBe('policy-enforced');
      await set({ strategy: 'FreeTier' });
      expect(await start({ sizeBytes: 41 })).toBe('policy-enforced');
      expect(await start({ sizeBytes: 40, vault: 1 })).toBe('created');
      expect(await start({ sizeBytes: 1 })).toBe('policy-enforced');
      expect(await start({ tier: 'Bulk', sizeBytes: 999 })).toBe('created');
      expect(await start({ tier: 'Expedited', sizeBytes: 999 })).toBe('created');
      const tomorrow = T0 + DAY_MS;
      expect(await start({ sizeBytes: 100, nowMs: tomorrow })).toBe('created');
      expect(await start({ sizeBytes: 1, nowMs: tomorrow })).toBe('policy-enforced');
      expect(await (await retriever()).start({ sizeBytes: 100 })).toBe('created');
    });

    test('of many at once only those pass that may pass together', async () => {
      const { start, set } = await retriever();
      await set({ strategy: 'FreeTier' });
      const outcomes = await Promise.all(Array.from({ length: 10 }, () => start({ sizeBytes: 30 })));
      expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(3);
    });

    test('a clock that was ahead for a moment does not make the day free again', async () => {
      const { start, set } = await retriever();
      await set({ strategy: 'FreeTier' });
      expect(await start({ sizeBytes: 100 })).toBe('created');
      expect(await start({ sizeBytes: 1, nowMs: T0 + DAY_MS })).toBe('created');
      expect(await start({ sizeBytes: 1 })).toBe('policy-enforced');
    });

    test('a day of more than 2^63 bytes is over', async () => {
      const { start, set, accountId } = await retriever();
      await start();
      await tested().change(
        `update retrieval_days set size_bytes = ${2n ** 63n - 1n} where account_id = '${accountId}'`,
      );
      expect(await start()).toBe('created');
      await set({ strategy: 'FreeTier' });
      expect(await start()).toBe('policy-enforced');
    });

    test('days are kept for 40 days, and their sums beyond 2^53 are exact', async () => {
      const { start, set, accountId } = await retriever();
      const days = () => tested().rows(`select day from retrieval_days where account_id = '${accountId}'`);
      await start();
      expect(await days()).toEqual([{ day: '2031-05-06' }]);
      await start({ nowMs: T0 + DAY_MS });
      expect(await days()).toEqual([{ day: '2031-05-06' }, { day: '2031-05-07' }]);
      await start({ nowMs: T0 + 41 * DAY_MS });
      expect(await days()).toEqual([{ day: '2031-05-07' }, { day: '2031-06-16' }]);
      for (let count = 0; count < 256; count += 1) await start({ nowMs: T0 + DAY_MS, sizeBytes: HUGE_BYTES });
      await set({ strategy: 'FreeTier' });
      expect(await start({ nowMs: T0 + DAY_MS, sizeBytes: 1 })).toBe('policy-enforced');
    });
  });

  describe('Expedited jobs', () => {
    const ask = { tier: 'Expedited', slots: 0 } as const;
    /** Slots are the whole server's, so each test counts from what the others have left. */
    async function slotsInUse(): Promise<number> {
      const [row] = await tested().rows(
        `select count(*) as count from jobs where status = 'InProgress' and tier = 'Expedited'`,
      );
      return Number(row?.count);
    }

    test('run as many at once as there are slots on the server, whoever started them', async () => {
      const [one, other] = [await retriever(), await retriever()];
      const slots = (await slotsInUse()) + 3;
      expect(await one.start({ ...ask, slots })).toBe('created');
      const outcomes = await Promise.all([one, other, one, other].map(({ start }) => start({ ...ask, slots })));
      expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(2);
      expect(outcomes.filter((outcome) => outcome === 'capacity-exhausted')).toHaveLength(2);
      for (const tier of ['Standard', 'Bulk'] as const) expect(await one.start({ tier, slots: 0 })).toBe('created');
      expect(await one.start({ tier: 'Expedited' })).toBe('created');
    });

    test('are three in five minutes for each active unit of the account, slots or none', async () => {
      const { start, accountId, metadata, jobIds } = await retriever();
      const other = await retriever();
      const buy = () => metadata.capacity.add({ accountId, unit: newUnit(), unitsMax: 2 });
      expect(await start(ask)).toBe('capacity-exhausted');
      await buy();
      const outcomes = await Promise.all([0, 1, 0, 1, 0].map((vault) => start({ ...ask, vault: vault === 0 ? 0 : 1 })));
      expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(3);
      expect(await other.start(ask)).toBe('capacity-exhausted');
      await buy();
      for (const expected of ['created', 'created', 'created', 'capacity-exhausted']) {
        expect(await start({ ...ask, nowMs: T0 + MINUTE_MS })).toBe(expected);
      }
      expect(await start({ ...ask, nowMs: T0 + 5 * MINUTE_MS - 1 })).toBe('capacity-exhausted');
      expect(await start({ ...ask, nowMs: T0 + 5 * MINUTE_MS })).toBe('created');
      expect(await start({ ...ask, nowMs: T0 + HOUR_MS - 1 })).toBe('created');
      expect(await start({ ...ask, nowMs: T0 + HOUR_MS })).toBe('capacity-exhausted');
      expect(await jobIds()).toHaveLength(8);
    });

    test('that a clock ahead of its time has dated take nothing from what a unit promises', async () => {
      const { start, accountId, metadata } = await retriever();
      await metadata.capacity.add({ accountId, unit: newUnit(), unitsMax: 2 });
      for (let count = 0; count < 3; count += 1) await start({ ...ask, nowMs: T0 + MINUTE_MS });
      expect(await start(ask)).toBe('created');
    });
  });
}
