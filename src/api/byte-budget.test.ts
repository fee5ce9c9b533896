import { expect, test } from 'vitest';
import { ByteBudget } from './byte-budget.ts';

test('what does not fit beside what is held is refused until there is room', async () => {
  const budget = new ByteBudget(10);
  const { promise, resolve } = Promise.withResolvers<string>();
  const first = budget.hold(6, () => promise);
  await expect(budget.hold(5, async () => 'x')).rejects.toMatchObject({ code: 'ThrottlingException' });
  expect(await budget.hold(4, async () => 'fits')).toBe('fits');
  expect(await budget.hold(0, async () => 'nothing')).toBe('nothing');
  resolve('done');
  expect(await first).toBe('done');
  const failed = budget.hold(10, () => Promise.reject(new Error('gone')));
  await expect(failed).rejects.toThrow('gone');
  expect(await budget.hold(10, async () => 'again')).toBe('again');
});
