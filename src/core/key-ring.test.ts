import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TestArrangement, testArrangement, VAULT } from '../../test/support/arrangement.ts';
import { HOUR_MS, limits } from '../model/limits.ts';
import { KeyRing } from './key-ring.ts';

let arrangement: TestArrangement;
let accessKeyId = '';
beforeEach(async () => {
  arrangement = await testArrangement();
  await arrangement.core.users.create({ accountId, name: 'bob' });
  accessKeyId = (await arrangement.core.keys.create({ accountId, user: 'bob' })).accessKeyId;
});
afterEach(async () => {
  vi.restoreAllMocks();
  await arrangement[Symbol.asyncDispose]();
});

const { accountId } = VAULT;

/** A ring of another process on the same metadata, which hears of no change, and what it found unreadable. */
function otherRing() {
  const unreadable: string[] = [];
  const ring = new KeyRing(arrangement.given, (key) => unreadable.push(key.accessKeyId));
  return { ring, unreadable };
}

function timeGoes() {
  let nowMs = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  return (byMs: number) => {
    nowMs += byMs;
  };
}

const reads = () => vi.spyOn(arrangement.given.metadata.keys, 'find');

describe('the ring', () => {
  test('S-07 a change that another process makes counts within five seconds, and reads are saved until then', async () => {
    const wait = timeGoes();
    const { ring } = otherRing();
    const find = reads();
    expect(await ring.find(accessKeyId)).toBeDefined();
    wait(limits.keyCachedMs - 1);
    await arrangement.core.keys.disable({ accessKeyId });
    expect(await ring.find(accessKeyId)).toBeDefined();
    expect(find).toHaveBeenCalledTimes(1);
    wait(1);
    expect(await ring.find(accessKeyId)).toBeUndefined();
    expect(limits.keyCachedMs).toBeLessThan(5000);
    await arrangement.core.keys.enable({ accessKeyId });
    expect(await ring.find(accessKeyId)).toBeDefined();
  });

  test('S-07 what was read while a change was made is not remembered', async () => {
    const { metadata } = arrangement.given;
    const { ring } = otherRing();
    const real = metadata.keys.find.bind(metadata.keys);
    vi.spyOn(metadata.keys, 'find').mockImplementationOnce(async (id) => {
      const before = await real(id);
      await arrangement.core.keys.disable({ accessKeyId });
      ring.clear();
      return before;
    });
    await ring.find(accessKeyId);
    expect(await ring.find(accessKeyId)).toBeUndefined();
  });

  test('ids that nobody has are asked for every time and take no room', async () => {
    const find = reads();
    const { ring } = otherRing();
    for (const _ of [1, 2]) expect(await ring.find('AKIANOBODY')).toBeUndefined();
    expect(find).toHaveBeenCalledTimes(2);
    expect(await ring.find(accessKeyId)).toBeDefined();
    for (let number = 0; number < limits.keysCachedMax + 1; number += 1) await ring.find(`AKIANOBODY${number}`);
    find.mockClear();
    expect(await ring.find(accessKeyId)).toBeDefined();
    expect(find).not.toHaveBeenCalled();
  });

  test('holds no more than its limit: the first that was read goes first', async () => {
    timeGoes();
    const { ring } = otherRing();
    await ring.find(accessKeyId);
    let second: string | undefined;
    for (let number = 0; number < limits.keysCachedMax; number += 1) {
      const key = await arrangement.core.keys.create({ accountId, user: 'bob', expiresInMs: HOUR_MS });
      await ring.find(key.accessKeyId);
      second ??= key.accessKeyId;
    }
    const find = reads();
    for (const id of [second ?? '', accessKeyId]) await ring.find(id);
    expect(find.mock.calls).toEqual([[accessKeyId]]);
  });

  test('S-95 a secret that does not open is told, and the key refused like one that is not there', async () => {
    const { metadata } = arrangement.given;
    const { ring, unreadable } = otherRing();
    const [kept, other] = [
      await metadata.keys.find(accessKeyId),
      await metadata.keys.find((await arrangement.core.keys.create({ accountId })).accessKeyId),
    ];
    if (kept === undefined || other === undefined) throw new Error('the keys are not there');
    for (const sealedSecret of [other.sealedSecret, 'garbage', '']) {
      vi.spyOn(metadata.keys, 'find').mockResolvedValueOnce({ ...kept, sealedSecret });
      expect(await ring.find(accessKeyId)).toBeUndefined();
    }
    expect(unreadable).toEqual([accessKeyId, accessKeyId, accessKeyId]);
    expect(await ring.find(accessKeyId)).toBeDefined();
  });

  test('S-42 the root key of the start is nobody without its account', async () => {
    const { ring } = otherRing();
    const root = arrangement.given.rootKey.accessKeyId;
    expect(await ring.find(root)).toMatchObject({ caller: { accountId, principal: { type: 'root' } } });
    ring.clear();
    vi.spyOn(arrangement.given.metadata.accounts, 'find').mockResolvedValue(undefined);
    expect(await ring.find(root)).toBeUndefined();
  });
});
