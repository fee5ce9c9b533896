import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AdminError } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { mintAndKeep } from './key-minting.ts';

const SECRETS_KEY = Buffer.alloc(32, 'k');
const ROOT_KEY_ID = `AKIA${'A'.repeat(16)}`;
const given = {
  clock: { nowMs: () => 5 },
  rootKey: { accountId: '111122223333', accessKeyId: ROOT_KEY_ID, secretAccessKey: 's', origin: 'the test' },
  secretsKey: { find: () => SECRETS_KEY, findOrMake: () => SECRETS_KEY },
};

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

describe('S-47', () => {
  test('an id that is taken is drawn anew, with another secret', async () => {
    const offered: string[] = [];
    const { outcome, key } = await mintAndKeep(given, undefined, async ({ accessKeyId, sealedSecret }) => {
      offered.push(accessKeyId, sealedSecret);
      return offered.length < 6 ? 'taken' : 'created';
    });
    expect(outcome).toBe('created');
    expect(new Set(offered).size).toBe(6);
    expect(key.accessKeyId).toBe(offered[4]);
  });

  test('the drawing ends', async () => {
    const keep = vi.fn(async () => 'taken' as const);
    await expect(mintAndKeep(given, undefined, keep)).rejects.toThrow(AdminError);
    expect(keep).toHaveBeenCalledTimes(limits.idDrawsMax);
  });

  test('the id of the root key of the start is not given to anybody', async () => {
    const real = crypto.randomBytes;
    const draws = vi.spyOn(crypto, 'randomBytes') as unknown as ReturnType<typeof vi.fn>;
    draws.mockImplementation((size: number) => real(size)).mockImplementationOnce((size: number) => Buffer.alloc(size));
    syncBuiltinESMExports();
    const offered: string[] = [];
    await mintAndKeep(given, undefined, async ({ accessKeyId }) => {
      offered.push(accessKeyId);
      return 'created';
    });
    expect(offered).toHaveLength(1);
    expect(offered).not.toContain(ROOT_KEY_ID);
    // Two draws of an id, a secret and a nonce.
    expect(draws).toHaveBeenCalledTimes(6);
  });
});
