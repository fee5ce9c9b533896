import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TestArrangement, testArrangement } from '../../test/support/arrangement.ts';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const ACCOUNT = '111122223333';
const setClock = (instant: string): void => {
  arrangement.clock.atMs = Date.parse(instant);
};

test('a unit is active for a calendar month, to the second, and makes room for another when it is over', async () => {
  const { capacity } = arrangement.core;
  const active = async () => (await capacity.list(ACCOUNT)).map(({ id }) => id);
  setClock('2031-01-31T10:20:30.456Z');
  const first = await capacity.purchase(ACCOUNT);
  expect(await capacity.list(ACCOUNT)).toEqual([
    {
      id: first,
      startedAtMs: Date.parse('2031-01-31T10:20:30.456Z'),
      expiresAtMs: Date.parse('2031-02-28T10:20:30.000Z'),
    },
  ]);
  setClock('2031-02-15T00:00:00Z');
  const second = await capacity.purchase(ACCOUNT);
  setClock('2031-02-28T10:20:29.999Z');
  expect(await active()).toEqual([first, second]);
  await expect(capacity.purchase(ACCOUNT)).rejects.toThrow('2 active provisioned capacity units, which is the limit');
  setClock('2031-02-28T10:20:30.000Z');
  expect(await active()).toEqual([second]);
  const third = await capacity.purchase(ACCOUNT);
  expect(await active()).toEqual([second, third]);
});

test('each account has its own units', async () => {
  const { capacity } = arrangement.core;
  for (const _ of [1, 2]) await capacity.purchase(ACCOUNT);
  expect(await capacity.list('444455556666')).toEqual([]);
  await capacity.purchase('444455556666');
  expect(await capacity.list('444455556666')).toHaveLength(1);
});
