import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  CLOCK_TOLERANCE_MS,
  T0,
  type TestArrangement,
  testArrangement,
  uploadBytes,
  VAULT,
} from '../../test/support/arrangement.ts';
import { lockVault, mayRoot, outcomeOf, retention, tamper } from '../../test/support/locks.ts';
import { DAY_MS, HOUR_MS, limits } from '../model/limits.ts';
import { expireJobs, expireUploads } from './expire.ts';
import { giveUpOrphans, reclaim } from './reclaim.ts';

/**
 * Random days in the life of a locked vault: its clock jumps, its server is killed, its lock is torn out of the metadata,
 * and everybody tries to delete. A model that knows true time says what may never have happened.
 */
const RETENTION_DAYS = 30;
const STEPS = 1200;
const TAMPERINGS = [
  'delete from vault_locks',
  `update vault_locks set state = 'InProgress', expires_at = 1`,
  `update vault_locks set document = replace(document, '"Deny"', '"Allow"')`,
  `update vault_locks set id = 'x'`,
];
/** The row as a backup has it, for what no record may mend. */
const RIGHT_ROW = (lockId: string): string =>
  `update vault_locks set id = '${lockId}', document = replace(document, '"Allow"', '"Deny"')`;

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

/** A small generator (mulberry32), so that a seed tells the whole story. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

interface Kept {
  id: string;
  /** In true time, or what the clocks made of it where both were behind: the wall clock, and a server that stood still. */
  madeAtMs: number;
}

interface Life {
  random: (below: number) => number;
  stoodStillMs: number;
  lockId: string;
  kept: Kept[];
  deleted: Kept[];
  forbidden: string[];
}

/** The earliest that a deletion may ever be: what the clock was believed beyond true time is bounded. */
const isForbidden = ({ madeAtMs }: Kept): boolean => {
  const { atMs } = arrangement.clock;
  const believedMs = CLOCK_TOLERANCE_MS + (atMs - T0) * limits.clockCorrectionRatio + HOUR_MS;
  return atMs - madeAtMs + believedMs < RETENTION_DAYS * DAY_MS;
};

const steps: Record<string, (life: Life) => Promise<void>> = {
  async upload({ kept }) {
    if (!(await mayRoot(arrangement, 'UploadArchive'))) return;
    const madeAtMs = Math.min(arrangement.clock.atMs, arrangement.given.retention.stampMs());
    kept.push({ id: await uploadBytes(arrangement, Buffer.from('kept')), madeAtMs });
  },
  async deleteArchive(life) {
    const archive = life.kept[life.random(life.kept.length || 1)];
    if (archive === undefined || !(await mayRoot(arrangement, 'DeleteArchive', { archiveId: archive.id }))) return;
    await arrangement.core.archives.delete({ vault: VAULT, id: archive.id });
    if (isForbidden(archive)) life.forbidden.push(archive.id);
    life.kept = life.kept.filter(({ id }) => id !== archive.id);
    life.deleted.push(archive);
  },
  async deleteVault({ kept }) {
    // An empty one may go; this life is about what is in it.
    if (kept.length > 0 && (await mayRoot(arrangement, 'DeleteVault'))) {
      expect(await outcomeOf(arrangement.core.vaults.delete(VAULT))).toContain('Vault not empty');
    }
  },
  async unlock({ lockId }) {
    const { locks } = arrangement.core;
    if (await mayRoot(arrangement, 'AbortVaultLock')) expect(await outcomeOf(locks.abort(VAULT))).not.toBe('done');
    if (!(await mayRoot(arrangement, 'InitiateVaultLock'))) return;
    expect(await outcomeOf(locks.initiate(VAULT, retention(0)))).not.toBe('done');
    expect(await outcomeOf(locks.complete(VAULT, `${lockId}x`))).not.toBe('done');
  },
  async timePasses({ random }) {
    arrangement.clock.atMs += random(5 * DAY_MS);
  },
  async clockIsSet({ random }) {
    const [years, days] = [random(5) - 2, random(17) - 8];
    arrangement.clock.offByMs = random(2) === 0 ? days * DAY_MS : years * 365 * DAY_MS;
  },
  async clockCreeps({ random }) {
    arrangement.clock.offByMs += random(3 * DAY_MS);
  },
  async clockIsConfirmed() {
    arrangement.clock.offByMs = 0;
    if (arrangement.given.retention.isSuspect) await arrangement.given.retention.confirm();
  },
  async restart(life) {
    // Killed, it loses what it has lived through since the last save; the model counts that as standing still.
    if (life.random(2) === 0) await arrangement.given.retention.save();
    const { highWaterAtMs } = (await arrangement.given.metadata.retentionClock.find()) ?? { highWaterAtMs: T0 };
    const lostMs = Math.max(0, arrangement.given.retention.nowMs() - highWaterAtMs);
    const downMs = life.random(2 * DAY_MS);
    life.stoodStillMs += lostMs + downMs;
    arrangement.clock.atMs += downMs;
    await arrangement.restart();
    await arrangement.core.locks.settle();
  },
  async tamper({ random }) {
    await tamper(arrangement, TAMPERINGS[random(TAMPERINGS.length)] ?? '');
  },
  async repair({ lockId }) {
    const { left } = await arrangement.core.locks.repair();
    if (left.length > 0) await tamper(arrangement, RIGHT_ROW(lockId));
  },
  async sweep() {
    const { given } = arrangement;
    await expireJobs(given);
    await expireUploads(given);
    await giveUpOrphans(given, () => false);
    await reclaim(given);
  },
};

/** How often each happens, in a hundred. */
const ODDS: Record<keyof typeof steps, number> = {
  upload: 20,
  deleteArchive: 30,
  deleteVault: 3,
  unlock: 5,
  timePasses: 16,
  clockIsSet: 3,
  clockCreeps: 6,
  clockIsConfirmed: 2,
  restart: 3,
  tamper: 3,
  repair: 7,
  sweep: 2,
};
const DRAW = Object.entries(ODDS).flatMap(([name, odds]) => Array.from({ length: odds }, () => name));

test.each([11, 12, 13])(
  'S-60 to S-64: in 1200 random steps nothing is deleted that the lock keeps (seed %i)',
  { timeout: 60_000 },
  async (seed) => {
    const random = randomFrom(seed);
    const life: Life = { random, stoodStillMs: 0, lockId: '', kept: [], deleted: [], forbidden: [] };
    life.lockId = await lockVault(arrangement, retention(RETENTION_DAYS));
    for (let step = 0; step < STEPS; step += 1) {
      await steps[DRAW[random(DRAW.length)] ?? '']?.(life);
      const provenAtMs = arrangement.clock.atMs - life.stoodStillMs;
      expect(arrangement.given.retention.nowMs()).toBeGreaterThanOrEqual(provenAtMs);
    }
    expect(life.forbidden).toEqual([]);
    // A lock under which nothing is ever deleted would pass too.
    expect(life.deleted.length).toBeGreaterThan(20);
    for (const { id } of life.kept) {
      const archive = await arrangement.given.metadata.archives.find({ accountId: VAULT.accountId, id });
      expect(archive?.deletedAtMs).toBeNull();
      const [blob] = await arrangement.given.metadata.archives.blobs({
        archiveKey: archive?.key ?? 0,
        range: { startByte: 0, endByte: 3 },
      });
      expect(await arrangement.given.blobs.stat(blob?.blobId ?? '')).toEqual({ sizeBytes: 4 });
    }
  },
);
