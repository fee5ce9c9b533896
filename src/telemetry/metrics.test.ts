import { expect, test } from 'vitest';
import type { Facts } from './facts.ts';
import { Metrics } from './metrics.ts';

const facts: Facts = {
  reasons: [{ reason: 'damage', holds: true }],
  disks: [{ name: 'blobs', totalBytes: 9, freeBytes: 7, reserveBytes: 1 }],
  failures: { fsync: 0, read: 2, write: 0 },
  damaged: 1,
  repaired: 0,
  scrub: undefined,
  uploads: 0,
  frameBytes: 0,
  jobs: 3,
};

test('facts that could not be had once are asked for again', async () => {
  let asked = 0;
  const metrics = new Metrics(async () => {
    asked += 1;
    if (asked === 1) throw new Error('the metadata do not answer');
    return facts;
  });
  await expect(metrics.text()).rejects.toThrow('the metadata do not answer');
  expect(await metrics.text()).toContain('moraine_jobs_unfinished 3');
  expect(await metrics.text()).toContain('moraine_degraded{reason="damage"} 1');
  expect(asked).toBe(3);
});
