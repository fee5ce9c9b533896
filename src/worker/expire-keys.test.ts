import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TestArrangement, testArrangement, VAULT } from '../../test/support/arrangement.ts';
import { DAY_MS, HOUR_MS, limits } from '../model/limits.ts';
import { expireKeys } from './expire.ts';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

describe('temporary keys', () => {
  test('are forgotten a day after they expired, a few at a time; permanent ones stay', async () => {
    const { core, clock, given } = arrangement;
    const { accountId } = VAULT;
    const permanent = await core.keys.create({ accountId });
    await core.keys.create({ accountId, expiresInMs: HOUR_MS });
    await core.keys.create({ accountId, expiresInMs: 2 * HOUR_MS });
    const known = async () => (await core.keys.list()).length - 1;
    clock.atMs += HOUR_MS + limits.expiredKeyMs;
    expect(await expireKeys(given)).toEqual({ done: 0, more: false });
    clock.atMs += 1;
    expect(await expireKeys(given)).toEqual({ done: 1, more: false });
    expect(await known()).toBe(2);
    clock.atMs += DAY_MS;
    const deleteExpired = vi.spyOn(given.metadata.keys, 'deleteExpired').mockResolvedValueOnce(limits.sweepRowsMax);
    expect(await expireKeys(given)).toEqual({ done: limits.sweepRowsMax, more: true });
    expect(deleteExpired).toHaveBeenCalledWith(expect.objectContaining({ limit: limits.sweepRowsMax }));
    expect(await expireKeys(given)).toEqual({ done: 1, more: false });
    expect(await core.keys.list({ accountId })).toMatchObject([{}, { accessKeyId: permanent.accessKeyId }]);
  });
});
