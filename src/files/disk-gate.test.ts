import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { DiskGate, DiskHungError } from './disk-gate.ts';

afterEach(() => void vi.useRealTimers());

const CALL_MS_MAX = 30_000;
const gateOf = (writes = 2, reads = 2) => new DiskGate({ atOnceMax: { reads, writes }, callMsMax: CALL_MS_MAX });

/** Calls that end when the test says so. */
function disk() {
  const calls: { name: string; answer: PromiseWithResolvers<string> }[] = [];
  const call = (name: string) => () => {
    const answer = Promise.withResolvers<string>();
    calls.push({ name, answer });
    return answer.promise;
  };
  const answer = (name: string) => calls.find((made) => made.name === name)?.answer.resolve(name);
  const fail = (name: string) => calls.find((made) => made.name === name)?.answer.reject(new Error(`${name} failed`));
  return { call, answer, fail, made: () => calls.map(({ name }) => name) };
}

/** Lets the deadline of what runs pass. */
async function overdue(): Promise<void> {
  vi.advanceTimersByTime(CALL_MS_MAX);
  await setImmediate();
}

const fakeTime = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

test('so many calls run at once, the others in the order they came; those of another directory do not wait', async () => {
  const gate = gateOf();
  const { call, answer, fail, made } = disk();
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => gate.run('/one', call(name))) as [
    Promise<string>,
    ...Promise<string>[],
  ];
  void gate.run('/two', call('other'));
  void gate.read('/one', call('reading'));
  expect(made()).toEqual(['a', 'b', 'other', 'reading']);
  fail('b');
  await expect(b).rejects.toThrow('b failed');
  expect(made().at(-1)).toBe('c');
  answer('a');
  expect(await a).toBe('a');
  answer('d');
  answer('c');
  expect(await Promise.all([c, d])).toEqual(['c', 'd']);
  expect(gate.hung).toEqual([]);
});

test('a call that throws before it promises anything has ended too', async () => {
  const gate = gateOf(1);
  const throwing = () => {
    throw new Error('thrown');
  };
  await expect(gate.run('/one', throwing)).rejects.toThrow('thrown');
  expect(await gate.run('/one', async () => 'next')).toBe('next');
});

test('F-17 a call that takes too long fails, with all that wait for it, and so does what comes until it ends', async () => {
  fakeTime();
  const gate = gateOf(1);
  const { call, answer, made } = disk();
  const hanging = gate.run('/one', call('hanging'));
  const waiting = gate.run('/one', call('waiting'));
  const refused = [expect(hanging).rejects.toThrow(DiskHungError), expect(waiting).rejects.toThrow(DiskHungError)];
  await overdue();
  await Promise.all(refused);
  await expect(gate.run('/one', call('late'))).rejects.toThrow('the disk of /one does not answer');
  expect(gate.hung).toEqual(['/one']);
  // Neither what reads there nor another disk is held up.
  expect(await gate.read('/one', async () => 'read')).toBe('read');
  expect(await gate.run('/two', async () => 'written')).toBe('written');
  expect(made()).toEqual(['hanging']);
  answer('hanging');
  await setImmediate();
  expect(gate.hung).toEqual([]);
  expect(await gate.run('/one', async () => 'well again')).toBe('well again');
});

test('a disk hangs until the last of the calls that hang has ended', async () => {
  fakeTime();
  const gate = gateOf(2);
  const { call, answer } = disk();
  const hanging = ['a', 'b'].map((name) => gate.run('/one', call(name)));
  const refused = hanging.map((one) => expect(one).rejects.toThrow(DiskHungError));
  await overdue();
  await Promise.all(refused);
  answer('a');
  await setImmediate();
  await expect(gate.run('/one', call('c'))).rejects.toThrow(DiskHungError);
  answer('b');
  await setImmediate();
  expect(gate.hung).toEqual([]);
});

test('what cleans up is not refused but waits, and nobody waits for it', async () => {
  fakeTime();
  const gate = gateOf(1);
  const { call, answer, made } = disk();
  const hanging = gate.run('/one', call('hanging'));
  const before = gate.tidy('/one', call('before'));
  hanging.catch(() => undefined);
  await overdue();
  await before;
  await gate.tidy('/one', call('after'));
  expect(made()).toEqual(['hanging']);
  answer('hanging');
  await setImmediate();
  expect(made()).toEqual(['hanging', 'before']);
  answer('before');
  await setImmediate();
  expect(made()).toEqual(['hanging', 'before', 'after']);
  answer('after');
  await setImmediate();
  await gate.tidy('/one', () => Promise.reject(new Error('nobody minds')));
});

test('a call that ended while the process itself stood still is not given up', async () => {
  const gate = new DiskGate({ atOnceMax: { reads: 1, writes: 1 }, callMsMax: 10 });
  const running = gate.run('/one', () => sleep(1, 'ended'));
  for (const startedAtMs = performance.now(); performance.now() - startedAtMs < 30; );
  expect(await running).toBe('ended');
});
