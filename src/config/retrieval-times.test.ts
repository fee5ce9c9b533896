import { expect, test } from 'vitest';
import { readRetrievalTimes } from './retrieval-times.ts';

test('names some retrievals, each with a time or a range', () => {
  expect(readRetrievalTimes('expedited=0s, standard = 3h..5h ,inventory=90s')).toEqual({
    times: {
      expedited: { minMs: 0, maxMs: 0 },
      standard: { minMs: 10_800_000, maxMs: 18_000_000 },
      inventory: { minMs: 90_000, maxMs: 90_000 },
    },
  });
});

test.each([
  ['90s', 'must be a list like expedited=0s,standard=3h..5h, not "90s"'],
  ['bulk=1s=2s', 'must be a list like expedited=0s,standard=3h..5h, not "bulk=1s=2s"'],
  ['bulk=1s,', 'must be a list like expedited=0s,standard=3h..5h, not "bulk=1s,"'],
  ['slow=1s', 'must name expedited, standard, bulk, inventory only, not "slow"'],
  ['Bulk=1s', 'must name expedited, standard, bulk, inventory only, not "Bulk"'],
  ['__proto__=1s', 'must name expedited, standard, bulk, inventory only, not "__proto__"'],
  ['bulk=1s,bulk=2s', 'must name bulk once only'],
  ['bulk=1', 'must give bulk a duration like 90s or a range like 3h..5h, not "1"'],
  ['bulk=1s..', 'must give bulk a duration like 90s or a range like 3h..5h, not "1s.."'],
  ['bulk=1s..2s..3s', 'must give bulk a duration like 90s or a range like 3h..5h, not "1s..2s..3s"'],
  ['bulk=5h..3h', 'must give bulk a range with the shorter time first, not "5h..3h"'],
])('refuses %j', (text, problem) => {
  expect(readRetrievalTimes(text)).toEqual({ problem });
});
