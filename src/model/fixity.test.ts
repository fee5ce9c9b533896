import { expect, test } from 'vitest';
import { type Fixity, INTACT, together } from './fixity.ts';

const damaged = (what: string): Fixity => ({ state: 'damaged', what });

test('an archive is what the worst of its parts is, and says what was found in each', () => {
  expect(together(INTACT, INTACT)).toEqual(INTACT);
  expect(together(INTACT, damaged('a'))).toEqual(damaged('a'));
  expect(together(damaged('a'), { state: 'repaired', what: 'b' })).toEqual(damaged('a; b'));
  expect(together(damaged('a'), { state: 'missing', what: 'b' })).toEqual({ state: 'missing', what: 'a; b' });
});

test('of ten thousand bad parts the first are told, and that there are more', () => {
  let all = INTACT;
  for (let part = 0; part < 10_000; part += 1) all = together(all, damaged(`part ${part}`));
  expect(all.what).toMatch(/^part 0; part 1; .*; and more$/);
  expect(all.what?.length).toBeLessThan(1100);
});
