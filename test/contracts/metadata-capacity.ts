import { describe, expect, test } from 'vitest';
import { HOUR_MS } from '../../src/model/limits.ts';
import { type MetadataUnderTest, newUnit, T0 } from './metadata-fixtures.ts';

export function capacityContract(tested: () => MetadataUnderTest): void {
  let accounts = 0;
  /** Each test has an account of its own. */
  function accountOfItsOwn() {
    accounts += 1;
    const accountId = `4${String(accounts).padStart(11, '0')}`;
    const { capacity } = tested().metadata;
    return {
      add: (startedAtMs = T0) => capacity.add({ accountId, unit: newUnit({ startedAtMs }), unitsMax: 2 }),
      list: (nowMs = T0) => capacity.list({ accountId, nowMs }),
    };
  }

  describe('capacity units', () => {
    test('are listed as they were added', async () => {
      const { capacity } = tested().metadata;
      const accountId = '500000000000';
      const units = [newUnit(), newUnit({ startedAtMs: T0 + 1 })];
      for (const unit of units) expect(await capacity.add({ accountId, unit, unitsMax: 2 })).toBe('added');
      expect(await capacity.list({ accountId, nowMs: T0 })).toEqual(units);
      expect(await capacity.list({ accountId: '500000000001', nowMs: T0 })).toEqual([]);
    });

    test('are as many as an account may have, also when they are bought at once', async () => {
      const { add, list } = accountOfItsOwn();
      const outcomes = await Promise.all([add(), add(), add(), add()]);
      expect(outcomes.sort()).toEqual(['added', 'added', 'full', 'full']);
      expect(await list()).toHaveLength(2);
      expect(await accountOfItsOwn().add()).toBe('added');
    });

    test('that have expired are not listed and make room, from their last instant on', async () => {
      const { add, list } = accountOfItsOwn();
      await add();
      await add(T0 + 1);
      expect(await list(T0 + HOUR_MS - 1)).toHaveLength(2);
      expect(await add(T0 + HOUR_MS - 1)).toBe('full');
      expect(await list(T0 + HOUR_MS)).toHaveLength(1);
      expect(await add(T0 + HOUR_MS)).toBe('added');
      expect(await add(T0 + HOUR_MS)).toBe('full');
      expect((await list(T0 + HOUR_MS)).map(({ startedAtMs }) => startedAtMs)).toEqual([T0 + 1, T0 + HOUR_MS]);
    });
  });
}
