import { afterAll, expect, test, vi } from 'vitest';
import { DEFAULT_CSV_INPUT, DEFAULT_CSV_OUTPUT } from '../model/select.ts';
import { SelectError } from '../select/select-error.ts';
import { SelectThread } from './select-thread.ts';

/** Where others keep the processors busy, a thread takes seconds to start. */
vi.setConfig({ testTimeout: 60_000 });
afterAll(() => vi.resetConfig());

const order = (expression = 'SELECT * FROM archive') => ({
  query: { expression, input: DEFAULT_CSV_INPUT, output: DEFAULT_CSV_OUTPUT },
  nowMs: 0,
});
async function* chunks(...texts: string[]): AsyncGenerator<Buffer, void, void> {
  for (const text of texts) yield Buffer.from(text);
}
async function outputOf(thread: SelectThread, source: AsyncIterable<Buffer>, signal = new AbortController().signal) {
  let text = '';
  for await (const { bytes } of thread.run({ source, signal })) text += bytes.toString();
  return text;
}

test('a query gets its archive in chunks and gives its output in pieces', async () => {
  await using thread = new SelectThread(order());
  expect(await outputOf(thread, chunks('a,', 'b\nc', ',d\n'))).toBe('a,b\nc,d\n');
});

test('of nothing comes nothing', async () => {
  await using thread = new SelectThread(order());
  expect(await outputOf(thread, chunks())).toBe('');
});

test('what the archive throws is thrown', async () => {
  async function* failing() {
    yield Buffer.from('a\n');
    throw new Error('the disk is gone');
  }
  await using thread = new SelectThread(order());
  await expect(outputOf(thread, failing())).rejects.toThrow('the disk is gone');
});

test('what cannot be compiled is thrown as it is', async () => {
  await using thread = new SelectThread(order('SELECT FROM'));
  await expect(outputOf(thread, chunks('a\n'))).rejects.toThrow(SelectError);
});

test('a signal ends it', async () => {
  const controller = new AbortController();
  async function* endless() {
    for (;;) {
      yield Buffer.from('a\n');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  await using thread = new SelectThread(order());
  const output = outputOf(thread, endless(), controller.signal);
  controller.abort(new Error('enough'));
  await expect(output).rejects.toThrow('enough');
});

test('one that gives no sign is ended', async () => {
  await using thread = new SelectThread(order(), { stallMs: 1 });
  // It takes longer than that to load its code.
  await expect(outputOf(thread, chunks('a\n'))).rejects.toThrow('The query did not get on for 0.001 seconds.');
});

test.each([
  ['goes on', undefined],
  ['is damaged', new Error('damaged')],
])('one that is through keeps its results, though the rest of the archive %s', async (_, damage) => {
  const { promise: isThrough, resolve: goOn } = Promise.withResolvers<void>();
  async function* rest() {
    yield Buffer.from('a\n'.repeat(2 ** 19));
    await isThrough;
    if (damage !== undefined) throw damage;
    for (;;) yield Buffer.from('b\n');
  }
  await using thread = new SelectThread(order('SELECT * FROM archive LIMIT 262144'));
  let bytes = 0;
  for await (const piece of thread.run({ source: rest(), signal: new AbortController().signal })) {
    if (bytes === 0) {
      // By when it has written the second piece, which is its last, and has ended.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      goOn();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    bytes += piece.bytes.length;
  }
  expect(bytes).toBe(2 ** 19);
});

test('S-85 slow takers make it wait, whatever it writes', async () => {
  let given = 0;
  async function* wide() {
    for (; given < 64; given += 1) yield Buffer.alloc(2 ** 20, 'abcdefg\n');
  }
  await using thread = new SelectThread(order());
  const pieces = thread.run({ source: wide(), signal: new AbortController().signal });
  await pieces.next();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(given).toBeLessThan(8);
  await pieces.return();
});
