import { describe, expect, test } from 'vitest';
import type { LockRecord } from './lock-records.ts';
import {
  bindingLock,
  compareLock,
  compareWithRecords,
  documentDigest,
  lockMoves,
  mayBegin,
  type VaultLock,
} from './vault-locks.ts';

const T0 = Date.parse('2031-05-06T07:08:09.123Z');
const progress: VaultLock = { id: 'a', document: 'policy', state: 'InProgress', createdAtMs: T0, expiresAtMs: T0 + 9 };
const locked: VaultLock = { ...progress, state: 'Locked', expiresAtMs: null };
const record: LockRecord = {
  number: 1,
  vault: { accountId: '111122223333', name: 'v', createdAtMs: T0, arn: 'arn' },
  lock: { id: 'a', documentDigest: documentDigest('policy') },
  sound: true,
};
const deleted: LockRecord = { ...record, lock: null };
const changed: LockRecord = { ...record, sound: false };

describe('the moves of a lock', () => {
  const named = (id: string) => id === 'a';
  const stranger = (id: string) => id === 'b';

  test.each([
    [undefined, { initiate: 'begin', complete: 'none', completeWrong: 'none', abort: 'none' }],
    [progress, { initiate: 'in-progress', complete: 'lock', completeWrong: 'other-id', abort: 'remove' }],
    [locked, { initiate: 'locked', complete: 'repeat', completeWrong: 'locked', abort: 'locked' }],
  ] as const)('from %o', (lock, expected) => {
    expect({
      initiate: lockMoves.initiate(lock),
      complete: lockMoves.complete(lock, named),
      completeWrong: lockMoves.complete(lock, stranger),
      abort: lockMoves.abort(lock),
    }).toEqual(expected);
  });
});

describe('metadata held against the record', () => {
  test.each([
    ['neither', undefined, undefined, 'none'],
    ['the record of a deletion, and nothing', undefined, deleted, 'none'],
    ['a lock in progress that nothing recorded', progress, undefined, 'in-progress'],
    ['a lock in progress after a deletion', progress, deleted, 'in-progress'],
    ['a lock and its record', locked, record, 'agrees'],
    ['a completion cut in two', progress, record, 'unfinished'],
    ['a lock without a record', locked, undefined, 'unrecorded'],
    ['a lock whose record tells of a deletion', locked, deleted, 'unrecorded'],
    ['a lock whose record was changed', locked, changed, 'unrecorded'],
    ['no lock', undefined, record, 'the metadata has no lock'],
    ['another id', { ...locked, id: 'b' }, record, 'the metadata has another lock'],
    ['another lock in progress', { ...progress, id: 'b' }, record, 'the metadata has another lock'],
    ['another policy', { ...locked, document: 'other' }, record, 'the metadata has another lock policy'],
    ['another policy in progress', { ...progress, document: 'x' }, record, 'the metadata has another lock policy'],
    ['no lock, and a record that was changed', undefined, changed, 'its lock record is damaged'],
    ['a lock in progress, and a record that was changed', progress, changed, 'its lock record is damaged'],
  ] as const)('%s', (_, lock, recorded, expected) => {
    const comparison = compareLock(lock, recorded);
    expect(comparison.kind === 'sealed' ? comparison.reason : comparison.kind).toBe(expected);
  });
});

describe('the lock that binds', () => {
  const binding = (lock: VaultLock | undefined, recorded: LockRecord | undefined, nowMs: number) =>
    bindingLock(compareLock(lock, recorded), nowMs);

  test('is one in progress until its time is over', () => {
    expect(binding(progress, undefined, T0 + 8)).toBe(progress);
    expect(binding(progress, undefined, T0 + 9)).toBeUndefined();
  });

  test('is one that was recorded, for ever, also where the metadata do not say so yet', () => {
    const never = Number.MAX_SAFE_INTEGER;
    expect(binding(locked, record, never)).toBe(locked);
    expect(binding(locked, undefined, never)).toBe(locked);
    expect(binding(progress, record, never)).toEqual(locked);
  });

  test('is none without one, and that of a sealed vault cannot be told', () => {
    expect(binding(undefined, undefined, T0)).toBeUndefined();
    expect(binding(undefined, record, T0)).toBeUndefined();
  });
});

describe('with a locked vault of the same name before', () => {
  const records = (own?: LockRecord, predecessor?: LockRecord) => ({ own, predecessor });
  const kindOf = (lock: VaultLock | undefined, own?: LockRecord, predecessor?: LockRecord) =>
    compareWithRecords(lock, records(own, predecessor)).kind;

  test('the vault is sealed, unless its own record has a lock, or the other is not sound and this one is Locked', () => {
    expect(kindOf(undefined)).toBe('none');
    expect(kindOf(undefined, undefined, record)).toBe('sealed');
    expect(kindOf(locked, deleted, record)).toBe('sealed');
    expect(kindOf(locked, record, record)).toBe('agrees');
    expect(kindOf(locked, undefined, changed)).toBe('unrecorded');
    expect(kindOf(progress, undefined, changed)).toBe('sealed');
  });

  test('a lock begins where none binds', () => {
    expect(mayBegin(undefined, records(), T0)).toBe(true);
    expect(mayBegin(progress, records(), T0 + 8)).toBe(false);
    expect(mayBegin(progress, records(), T0 + 9)).toBe(true);
    expect(mayBegin(locked, records(record), T0 + 9)).toBe(false);
  });
});
