import { expect, test } from 'vitest';
import { Mailbox } from './mailbox.ts';

test('what was put is taken in the same order, also by one that waits', async () => {
  const box = new Mailbox<number>();
  box.put(1);
  box.put(2);
  expect([await box.take(), await box.take()]).toEqual([1, 2]);
  const waiting = box.take();
  box.put(3);
  expect(await waiting).toBe(3);
});

test('a closed one gives what is left, and one that failed nothing', async () => {
  const [closed, failed] = [new Mailbox<number>(), new Mailbox<number>()];
  for (const box of [closed, failed]) box.put(1);
  closed.close(new Error('over'));
  failed.fail(new Error('over'));
  expect(await closed.take()).toBe(1);
  await expect(closed.take()).rejects.toThrow('over');
  await expect(failed.take()).rejects.toThrow('over');
  const waiting = new Mailbox<number>();
  const taken = waiting.take();
  waiting.fail(new Error('first'));
  waiting.close(new Error('second'));
  await expect(taken).rejects.toThrow('first');
});

test('what comes after a failure is not taken, though there be always some', async () => {
  const box = new Mailbox<number>();
  box.fail(new Error('over'));
  box.put(1);
  await expect(box.take()).rejects.toThrow('over');
});
