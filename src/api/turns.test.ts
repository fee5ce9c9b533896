import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { limits } from '../model/limits.ts';
import { Turns } from './turns.ts';

describe('turns', () => {
  test('of one connection follow each other, those of others do not wait', async () => {
    const turns = new Turns();
    const [one, other] = [{}, {}];
    const steps: string[] = [];
    const step = (name: string, ms: number) => async () => {
      steps.push(`${name} begins`);
      await sleep(ms);
      steps.push(`${name} ends`);
    };
    turns.take(one, step('first', 30));
    turns.take(one, step('second', 1));
    turns.take(other, step('other', 1));
    expect([one, other, {}].map((connection) => turns.pending(connection))).toEqual([true, true, false]);
    await turns.over();
    expect([one, other].map((connection) => turns.pending(connection))).toEqual([false, false]);
    expect(steps).toEqual(['first begins', 'other begins', 'other ends', 'first ends', 'second begins', 'second ends']);
  });

  test('of one connection are limited, and the limit is for those that wait', async () => {
    const turns = new Turns();
    const connection = {};
    for (let round = 0; round < 2; round += 1) {
      const taken = Array.from({ length: limits.requestsWaitingMax + 1 }, () => turns.take(connection, async () => {}));
      expect(taken.filter((yes) => yes)).toHaveLength(limits.requestsWaitingMax);
      expect(taken.at(-1)).toBe(false);
      await turns.over();
    }
  });
});
