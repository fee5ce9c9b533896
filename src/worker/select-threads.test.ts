import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DEFAULT_CSV_INPUT, DEFAULT_CSV_OUTPUT } from '../model/select.ts';
import { SelectThreads } from './select-threads.ts';

/** Where others keep the processors busy, a thread takes seconds to start. */
vi.setConfig({ testTimeout: 60_000 });
afterAll(() => vi.resetConfig());

let started = 0;
let ended = 0;
const onWorker = (worker: NodeJS.EventEmitter) => {
  started += 1;
  worker.once('exit', () => {
    ended += 1;
  });
};
beforeEach(() => {
  started = 0;
  ended = 0;
  process.on('worker', onWorker);
});
afterEach(() => {
  process.off('worker', onWorker);
});

async function* archive(bytes: Buffer): AsyncGenerator<Buffer, void, void> {
  yield bytes;
}
const begin = (threads: SelectThreads, expression: string, bytes = Buffer.from('a,b\n')) =>
  threads.run({
    order: { query: { expression, input: DEFAULT_CSV_INPUT, output: DEFAULT_CSV_OUTPUT }, nowMs: 0 },
    source: archive(bytes),
    signal: new AbortController().signal,
  });
async function outputOf(...args: Parameters<typeof begin>): Promise<string> {
  let text = '';
  for await (const { bytes } of begin(...args)) text += bytes.toString();
  return text;
}

test('queries in a row have one thread, two at once have two', async () => {
  await using threads = new SelectThreads();
  for (let query = 0; query < 3; query += 1) expect(await outputOf(threads, 'SELECT _2 FROM archive')).toBe('b\n');
  expect(started).toBe(1);
  await Promise.all([outputOf(threads, 'SELECT _1 FROM archive'), outputOf(threads, 'SELECT _2 FROM archive')]);
  await Promise.all([outputOf(threads, 'SELECT _1 FROM archive'), outputOf(threads, 'SELECT _2 FROM archive')]);
  expect([started, ended]).toEqual([2, 0]);
});

test('a thread in which something went wrong has no other query', async () => {
  await using threads = new SelectThreads();
  await expect(outputOf(threads, 'SELECT CAST(_1 AS INT) FROM archive')).rejects.toThrow('INT');
  expect([started, ended]).toEqual([1, 1]);
  expect(await outputOf(threads, 'SELECT _1 FROM archive')).toBe('a\n');
  const broken = begin(threads, 'SELECT * FROM archive', Buffer.alloc(2 ** 20, 'a\n'));
  await broken.next();
  await broken.return();
  expect([started, ended]).toEqual([2, 2]);
});

test('one that waits is given up after a while', async () => {
  await using threads = new SelectThreads({ idleMs: 1 });
  expect(await outputOf(threads, 'SELECT _1 FROM archive')).toBe('a\n');
  await vi.waitFor(() => expect(ended).toBe(1), { timeout: 30_000 });
  expect(await outputOf(threads, 'SELECT _1 FROM archive')).toBe('a\n');
  expect(started).toBe(2);
});

test('one that waits ends with the others', async () => {
  const threads = new SelectThreads({ idleMs: 2 ** 30 });
  expect(await outputOf(threads, 'SELECT _1 FROM archive')).toBe('a\n');
  expect(ended).toBe(0);
  await threads[Symbol.asyncDispose]();
  expect(ended).toBe(1);
});

test('S-85 many queries in a row take no more memory than a few', async () => {
  const bytes = Buffer.alloc(2 ** 20, 'abc,defg\n');
  await using threads = new SelectThreads();
  const rssAfter = async (queries: number) => {
    for (let query = 0; query < queries; query += 1) await outputOf(threads, 'SELECT COUNT(_1) FROM archive', bytes);
    return process.memoryUsage.rss();
  };
  const before = await rssAfter(40);
  const after = await rssAfter(80);
  expect(after - before).toBeLessThan(32 * 2 ** 20);
});
