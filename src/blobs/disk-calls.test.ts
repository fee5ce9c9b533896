import { expect, test } from 'vitest';
import { DiskGate, DiskHungError } from '../files/disk-gate.ts';
import { openThrough } from './disk-calls.ts';

const gate = () => new DiskGate({ atOnceMax: { reads: 1, writes: 1 }, callMsMax: 10 });

test('what opens when nobody waits for it any more is closed', async () => {
  const disk = gate();
  const opening = Promise.withResolvers<string>();
  const abandoned = Promise.withResolvers<string>();
  const given = openThrough({
    through: (call) => disk.run('disk', call),
    open: () => opening.promise,
    abandon: async (late: string) => abandoned.resolve(late),
  });
  await expect(given).rejects.toThrow(DiskHungError);
  opening.resolve('file');
  expect(await abandoned.promise).toBe('file');
});

test('what does not open is nothing to close, and what does is handed out', async () => {
  const disk = gate();
  const left: string[] = [];
  const opened = (open: () => Promise<string>): Promise<string> =>
    openThrough({
      through: (call) => disk.read('disk', call),
      open,
      abandon: async (late) => left.push(late),
    });
  await expect(opened(() => Promise.reject(new Error('ENOENT')))).rejects.toThrow('ENOENT');
  expect(await opened(async () => 'file')).toBe('file');
  expect(left).toEqual([]);
});
