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

test('a little output waits for more, and each piece says where its last record ends', async () => {
  await using thread = new SelectThread();
  const piecesOf = async (run: Partial<SelectRun>) => {
    const pieces: [sizeBytes: number, endedBytes: number][] = [];
    for await (const { bytes, endedBytes } of thread.run({
      order: order(),
      source: chunks(),
      signal: goesOn(),
      ...run,
    }))
      pieces.push([bytes.length, endedBytes]);
    return pieces;
  };
  const little = Array.from({ length: 9 }, () => 'ab,c\n');
  expect(await piecesOf({ source: chunks(...little) })).toEqual([[45, 45]]);
  const much = () => chunks(...Array.from({ length: 4 }, () => 'ab,c\n'.repeat(200_000)));
  expect(await piecesOf({ source: much() })).toEqual(Array.from({ length: 4 }, () => [1_000_000, 1_000_000]));
  const twice = await piecesOf({ order: order('SELECT _1, _1, _2 FROM archive'), source: much() });
  let bytes = 0;
  for (const [sizeBytes, endedBytes] of twice) {
    // A record has eight bytes.
    expect((bytes + endedBytes) % 8).toBe(0);
    expect(sizeBytes - endedBytes).toBeLessThan(8);
    bytes += sizeBytes;
  }
  expect(bytes).toBe(4 * 200_000 * 8);
});

test('what was left of a query that nobody took is not for the next', async () => {
  await using thread = new SelectThread();
  const pieces = thread.run({
    order: order('SELECT * FROM archive LIMIT 1'),
    source: chunks('a\nb\n'),
    signal: goesOn(),
  });
  await pieces.next();
  // By when it is through.
  await new Promise((resolve) => setTimeout(resolve, 100));
  await pieces.return();
  expect(thread.isReady).toBe(false);
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

test('F-32 one that gives no sign is ended', async () => {
  await using thread = new SelectThread({ stallMs: 1 });
  // It takes longer than that to load its code.
  await expect(outputOf(thread, {})).rejects.toThrow('The query did not get on for 0.001 seconds.');
  expect(thread.isReady).toBe(false);
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
  await using thread = new SelectThread();
  let bytes = 0;
  const query = order('SELECT _1, _1 FROM archive LIMIT 524288');
  for await (const piece of thread.run({ order: query, source: rest(), signal: goesOn() })) {
    if (bytes === 0) {
      // By when it has written the second piece, which is its last, and is through.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      goOn();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    bytes += piece.bytes.length;
  }
  expect(bytes).toBe(2 ** 21);
  expect(thread.isReady).toBe(true);
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
