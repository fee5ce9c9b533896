import { expect, test } from 'vitest';
import { rootCaller } from '../core/callers.ts';
import { GlacierError } from '../model/errors.ts';
import { limits, MINUTE_MS } from '../model/limits.ts';
import type { Notes } from './audit.ts';
import { AuditNoise } from './audit-noise.ts';

const notes = (sourceIp: string, more: Partial<Notes>) =>
  ({ arrival: { circumstances: { sourceIp } }, ...more }) as unknown as Notes;
const denied = (accessKeyId: string) =>
  notes('192.0.2.1', {
    caller: rootCaller({ accessKeyId, accountId: '111122223333' }),
    error: new GlacierError('AccessDeniedException', 'no'),
  });

function counted() {
  const clock = { atMs: 0, nowMs: () => clock.atMs };
  const noise = new AuditNoise(clock);
  const weighMany = (told: Notes, count: number) => new Set(Array.from({ length: count }, () => noise.weigh(told)));
  return { clock, noise, weighMany };
}

test('denials are told so often a minute for each key', () => {
  const { clock, noise, weighMany } = counted();
  expect(weighMany(denied('A'), limits.auditDenialsPerMinuteMax)).toEqual(new Set(['told']));
  expect([1, 2, 3].map(() => noise.weigh(denied('A')))).toEqual(['last', 'untold', 'untold']);
  expect(noise.weigh(denied('B'))).toBe('told');
  const { error: _, ...allowed } = denied('A');
  expect(noise.weigh(allowed)).toBe('told');
  clock.atMs = MINUTE_MS;
  expect(noise.weigh(denied('A'))).toBe('told');
});

test('failures are told so often a minute for each source and each key there is', () => {
  const { noise, weighMany } = counted();
  expect(weighMany(notes('192.0.2.1', { knownKeyId: 'A' }), limits.failuresPerMinuteMax)).toEqual(new Set(['told']));
  const again = notes('192.0.2.1', { knownKeyId: 'A' });
  expect([1, 2].map(() => noise.weigh(again))).toEqual(['last', 'untold']);
  expect(noise.weigh(notes('192.0.2.1', { knownKeyId: 'B' }))).toBe('told');
  expect(noise.weigh(notes('192.0.2.1', {}))).toBe('told');
  expect(noise.weigh(notes('192.0.2.2', { knownKeyId: 'A' }))).toBe('told');
});
