import { afterAll, expect, test, vi } from 'vitest';
import { DEFAULT_CSV_INPUT, DEFAULT_CSV_OUTPUT } from '../model/select.ts';
import { SelectError } from '../select/select-error.ts';
import { type SelectRun, SelectThread } from './select-thread.ts';

/** Where others keep the processors busy, a thread takes seconds to start. */
vi.setConfig({ testTimeout: 60_000 });
afterAll(() => vi.resetConfig());

const order = (expression = 'SELECT * FROM archive') => ({
  query: { expression, input: DEFAULT_CSV_INPUT, output: DEFAULT_CSV_OUTPUT },
  nowMs: 0,
});
const goesOn = () => new AbortController().signal;
async function* chunks(...texts: string[]): AsyncGenerator<Buffer, void, void> {
  for (const text of texts) yield Buffer.from(text);
}
async function outputOf(thread: SelectThread, run: Partial<SelectRun>) {
  let text = '';
  const pieces = thread.run({ order: order(), source: chunks('a\n'), signal: goesOn(), ...run });
  for await (const { bytes } of pieces) text += bytes.toString();
  return text;
}

test('a query gets its archive in chunks and gives its output in pieces', async () => {
  await using thread = new SelectThread();
  expect(await outputOf(thread, { source: chunks('a,', 'b\nc', ',d\n') })).toBe('a,b\nc,d\n');
});

test('one comes after the other, each with an archive of its own, whether it is read to its end or not', async () => {
  const large = () => chunks('1\n', ...Array.from({ length: 8 }, () => 'x\n'.repeat(2 ** 19)));
  await using thread = new SelectThread();
  expect(await outputOf(thread, { order: order('SELECT _2 FROM archive'), source: chunks('a,b') })).toBe('b\n');
  expect(await outputOf(thread, { order: order('SELECT * FROM archive LIMIT 1'), source: large() })).toBe('1\n');
  expect(await outputOf(thread, { order: order('SELECT COUNT(*) FROM archive'), source: large() })).toBe('4194305\n');
  expect(await outputOf(thread, { source: chunks() })).toBe('');
  expect(await outputOf(thread, { source: chunks('c\n') })).toBe('c\n');
  expect(thread.isReady).toBe(true);
});

test('a little output waits for more, and much of it ends with a record in each chunk', async () => {
  await using thread = new SelectThread();
  const piecesOf = async (run: Partial<SelectRun>) => {
    const pieces: { sizeBytes: number; atRecordEnd: boolean }[] = [];
    for await (const { bytes, atRecordEnd } of thread.run({
      order: order(),
      source: chunks(),
      signal: goesOn(),
      ...run,
    }))
      pieces.push({ sizeBytes: bytes.length, atRecordEnd });
    return pieces;
  };
  const little = Array.from({ length: 9 }, () => 'ab,c\n');
  expect(await piecesOf({ source: chunks(...little) })).toEqual([{ sizeBytes: 45, atRecordEnd: true }]);
  const much = () => chunks(...Array.from({ length: 4 }, () => 'ab,c\n'.repeat(200_000)));
  expect(await piecesOf({ source: much() })).toEqual(
    Array.from({ length: 4 }, () => ({ sizeBytes: 1_000_000, atRecordEnd: true })),
  );
  const twice = await piecesOf({ order: order('SELECT _1, _1, _2 FROM archive'), source: much() });
  expect(twice.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(4 * 200_000 * 8);
  expect(twice.map(({ atRecordEnd }) => atRecordEnd)).toEqual(Array.from({ length: 4 }, () => [false, true]).flat());
});

test('of nothing comes nothing', async () => {
  await using thread = new SelectThread();
  expect(await outputOf(thread, { source: chunks() })).toBe('');
});

test('what the archive throws is thrown', async () => {
  async function* failing() {
    yield Buffer.from('a\n');
    throw new Error('the disk is gone');
  }
  await using thread = new SelectThread();
  await expect(outputOf(thread, { source: failing() })).rejects.toThrow('the disk is gone');
  expect(thread.isReady).toBe(false);
});

test('what cannot be compiled is thrown as it is', async () => {
  await using thread = new SelectThread();
  await expect(outputOf(thread, { order: order('SELECT FROM') })).rejects.toThrow(SelectError);
  expect(thread.isReady).toBe(false);
});

test('a signal ends it', async () => {
  const controller = new AbortController();
  async function* endless() {
    for (;;) {
      yield Buffer.from('a\n');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  await using thread = new SelectThread();
  const output = outputOf(thread, { source: endless(), signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(output).rejects.toThrow('enough');
  expect(thread.isReady).toBe(false);
});

test('one that gives no sign is ended', async () => {
  await using thread = new SelectThread({ stallMs: 1 });
  // It takes longer than that to load its code.
  await expect(outputOf(thread, {})).rejects.toThrow('The query did not get on for 0.001 seconds.');
  expect(thread.isReady).toBe(false);
});

test('S-85 slow takers make it wait, whatever it writes', async () => {
  let given = 0;
  async function* wide() {
    for (; given < 64; given += 1) yield Buffer.alloc(2 ** 20, 'abcdefg\n');
  }
  await using thread = new SelectThread();
  const pieces = thread.run({ order: order(), source: wide(), signal: goesOn() });
  await pieces.next();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(given).toBeLessThan(8);
  await pieces.return();
  expect(thread.isReady).toBe(false);
});
