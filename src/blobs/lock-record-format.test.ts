import { describe, expect, test } from 'vitest';
import type { LockRecordText } from '../model/lock-records.ts';
import { formatLockRecord, NO_RECORD, parseLockRecord, recordDigest } from './lock-record-format.ts';

const T0 = Date.parse('2031-05-06T07:08:09.123Z');
const record: LockRecordText = {
  number: 7,
  writtenAtMs: T0 + 3,
  vault: {
    arn: 'arn:aws:glacier:us-east-1:111122223333:vaults/v',
    accountId: '111122223333',
    name: 'v',
    createdAtMs: T0,
  },
  lock: { id: 'AE863rKkWZU53SLW5be4DUcW', document: '{"é":"\n\u2028"}', createdAtMs: T0 + 1, completedAtMs: T0 + 2 },
};
const text = formatLockRecord(record, NO_RECORD);

describe('a lock record', () => {
  test('is a line of JSON and a line with its digest', () => {
    const [line = '', digest, end, ...more] = text.split('\n');
    expect(JSON.parse(line)).toEqual({
      format: 1,
      number: 7,
      previous: NO_RECORD,
      writtenAt: '2031-05-06T07:08:09.126Z',
      state: 'Locked',
      vault: { arn: record.vault.arn, accountId: '111122223333', name: 'v', createdAt: '2031-05-06T07:08:09.123Z' },
      lock: {
        id: record.lock?.id,
        policy: record.lock?.document,
        createdAt: '2031-05-06T07:08:09.124Z',
        completedAt: '2031-05-06T07:08:09.125Z',
      },
    });
    expect(digest).toMatch(/^sha256 [0-9a-f]{64}$/);
    expect([end, more]).toEqual(['', []]);
  });

  test('is read as it was written, that of a deletion too', () => {
    expect(parseLockRecord(text)).toEqual({ record, previous: NO_RECORD, intact: true });
    const deleted = { ...record, lock: null };
    const read = parseLockRecord(formatLockRecord(deleted, recordDigest(text)));
    expect(read).toEqual({ record: deleted, previous: recordDigest(text), intact: true });
  });

  test('shows any change of a byte', () => {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(parseLockRecord(changed.toString('utf8'))?.intact ?? false).toBe(false);
    }
    expect(parseLockRecord(`${text}more`)?.intact).toBe(false);
    expect(parseLockRecord(text.slice(0, -1))?.intact ?? false).toBe(false);
  });

  test.each([
    '',
    'null\n',
    '{}\n',
    text.replace('"format":1', '"format":2'),
    text.replace('"number":7', '"number":7.5'),
    text.replace('"name":"v"', '"name":null'),
    text.replace('2031-05-06T07:08:09.123Z', 'yesterday'),
    text.replace('"lock":{', '"other":{'),
  ])('that is none is told: %#', (broken) => {
    expect(parseLockRecord(broken)).toBeUndefined();
  });
});
