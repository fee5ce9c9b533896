import { expect, test } from 'vitest';
import { limits, MINUTE_MS } from '../model/limits.ts';
import { Failures } from './failures.ts';

const ENOUGH = limits.failuresPerMinuteMax;

function counted() {
  const clock = { atMs: 0, nowMs: () => clock.atMs };
  const failures = new Failures(clock);
  const addMany = (source: string | undefined, count: number) => {
    let excess = 0;
    for (let round = 0; round < count; round += 1) excess = failures.add(source);
    return excess;
  };
  return { clock, failures, addMany };
}

test('S-04 counts each source for a minute', () => {
  const { clock, failures, addMany } = counted();
  expect(addMany('192.0.2.1', ENOUGH)).toBe(0);
  expect(failures.add('192.0.2.1')).toBe(1);
  expect(failures.add('192.0.2.1')).toBe(2);
  expect(failures.add('192.0.2.2')).toBe(0);
  expect(failures.add(undefined)).toBe(0);
  clock.atMs = MINUTE_MS;
  expect(failures.add('192.0.2.1')).toBe(0);
});

test('S-04 takes a network of IPv6 for one source', () => {
  const { failures, addMany } = counted();
  expect(addMany('2001:db8:1:2::1', ENOUGH)).toBe(0);
  expect(failures.add('2001:db8:1:2:ffff::1')).toBe(1);
  expect(failures.add('2001:db8:1:3::1')).toBe(0);
  expect(failures.add('2001:db8::1')).toBe(0);
});

test('S-04 remembers so many sources and forgets the one that failed longest ago', () => {
  const { failures, addMany } = counted();
  addMany('192.0.2.1', ENOUGH);
  for (let number = 0; number < limits.failingSourcesMax; number += 1)
    failures.add(`10.0.${number >> 8}.${number & 255}`);
  expect(failures.size).toBe(limits.failingSourcesMax);
  expect(failures.add('192.0.2.1')).toBe(0);
});
