import { expect, test, vi } from 'vitest';
import { type CsvInput, DEFAULT_CSV_INPUT, DEFAULT_CSV_OUTPUT } from '../model/select.ts';
import { Selection } from './selection.ts';

const ARCHIVE = 'id,city,n\n1,Oslo,5\n2,"Lyon, France",x\n3,Oslo,\n4\n';

function selectionOf(expression: string, input: Partial<CsvInput> = {}): Selection {
  const query = { expression, input: { ...DEFAULT_CSV_INPUT, ...input }, output: DEFAULT_CSV_OUTPUT };
  return Selection.of(query, { strict: false, nowMs: 0 });
}

function results(selection: Selection, archive = ARCHIVE): string {
  selection.give(Buffer.from(archive));
  selection.end();
  const out = Buffer.alloc(1000);
  const { state, outputBytes } = selection.run(out);
  expect(state).toBe('done');
  return out.toString('utf8', 0, outputBytes);
}

test.each([
  ['SELECT * FROM archive', {}, ARCHIVE],
  ["SELECT _1, _3 FROM archive WHERE _2 = 'Oslo'", {}, '1,5\n3,\n'],
  ["SELECT a.id FROM archive a WHERE CITY LIKE '%o%' AND n <> 'x'", { fileHeaderInfo: 'USE' }, '1\n3\n'],
  ['SELECT id, city, n FROM archive WHERE city IS MISSING', { fileHeaderInfo: 'USE' }, '4,,\n'],
  ["SELECT UPPER(_2) || '!' FROM archive LIMIT 2", { fileHeaderInfo: 'IGNORE' }, 'OSLO!\n"LYON, FRANCE!"\n'],
  ['SELECT COUNT(*) FROM archive', { fileHeaderInfo: 'USE' }, '4\n'],
  ['SELECT COUNT(*), MAX(CAST(_1 AS INT)) FROM archive WHERE _1 > 1', { fileHeaderInfo: 'IGNORE' }, '3,4\n'],
] as const)('%s', (expression, input, expected) => {
  expect(results(selectionOf(expression, input))).toBe(expected);
});

test('what can be known before the archive is', () => {
  expect(() => selectionOf('SELECT FROM archive')).toThrow(expect.objectContaining({ name: 'SelectError' }));
  expect(() => selectionOf('SELECT city FROM archive')).toThrow(
    expect.objectContaining({ code: 'InvalidColumnIndex' }),
  );
});

test('an error says where in the archive it was', () => {
  const cast = selectionOf('SELECT CAST(n AS INT) FROM archive', { fileHeaderInfo: 'USE' });
  expect(() => results(cast)).toThrow(
    expect.objectContaining({ code: 'CastFailed', at: { record: 3, byteOffset: 19 } }),
  );
  const missing = selectionOf('SELECT country FROM archive', { fileHeaderInfo: 'USE' });
  const at = { record: 1, byteOffset: 0 };
  expect(() => results(missing)).toThrow(expect.objectContaining({ code: 'MissingHeaders', at }));
});

test('the states of a run, and the progress', () => {
  const selection = selectionOf('SELECT _1 FROM archive LIMIT 3');
  const out = Buffer.alloc(4);
  expect(selection.run(out)).toEqual({ state: 'hungry', outputBytes: 0, endedBytes: 0 });
  selection.give(Buffer.from(ARCHIVE));
  expect(selection.run(out)).toEqual({ state: 'full', outputBytes: 4, endedBytes: 3 });
  expect(out.toString()).toBe('id\n1');
  expect(selection.run(out)).toEqual({ state: 'done', outputBytes: 3, endedBytes: 3 });
  expect(out.toString('utf8', 0, 3)).toBe('\n2\n');
  expect(selection.progress).toEqual({ recordsRead: 3, bytesRead: 38, recordsWritten: 3 });
  expect(selection.run(out)).toEqual({ state: 'done', outputBytes: 0, endedBytes: 0 });
});

test.each(["SELECT '123' FROM archive", "SELECT '1234567' FROM archive", 'SELECT * FROM archive'])(
  'where the last record ends in what was written: %s',
  (expression) => {
    for (const roomBytes of [1, 2, 3, 5, 8, 13, 100]) {
      const selection = selectionOf(expression);
      selection.give(Buffer.from('a\nbc\ndee\nfghij\n'));
      selection.end();
      for (let state = 'full'; state === 'full'; ) {
        const out = Buffer.alloc(roomBytes);
        const run = selection.run(out);
        expect(run.endedBytes).toBe(out.subarray(0, run.outputBytes).lastIndexOf('\n') + 1);
        state = run.state;
      }
    }
  },
);

test('a chunk that is used up may be handed to somebody else, which leaves nothing of it', () => {
  const selection = selectionOf('SELECT _1 FROM archive');
  const out = Buffer.alloc(1000);
  for (const text of ['a\nb', 'c\n']) {
    const chunk = new Uint8Array(Buffer.from(text));
    selection.give(chunk);
    expect(selection.run(out).state).toBe('hungry');
    structuredClone(chunk, { transfer: [chunk.buffer] });
  }
  selection.end();
  expect(selection.run(out).state).toBe('done');
});

test('chunks are given when they are asked for, and there is room for output', () => {
  const selection = selectionOf('SELECT _1 FROM archive');
  expect(() => selection.run(Buffer.alloc(0))).toThrow(RangeError);
  selection.give(Buffer.from('a'));
  expect(() => selection.give(Buffer.from('b'))).toThrow(RangeError);
});

test('one that is done or has failed hands its buffers on, and two that run have none in common', () => {
  const out = Buffer.alloc(1000);
  const first = selectionOf('SELECT _2 FROM archive');
  const second = selectionOf('SELECT * FROM archive', { fieldDelimiter: ';' });
  first.give(Buffer.from('a,b\nc'));
  second.give(Buffer.from('x;y\nz'));
  expect(first.run(out)).toEqual({ state: 'hungry', outputBytes: 2, endedBytes: 2 });
  expect(second.run(out)).toEqual({ state: 'hungry', outputBytes: 4, endedBytes: 4 });
  first.give(Buffer.from(',d'));
  first.end();
  expect(first.run(out)).toEqual({ state: 'done', outputBytes: 2, endedBytes: 2 });
  using memory = vi.spyOn((globalThis as unknown as { WebAssembly: { Memory: () => unknown } }).WebAssembly, 'Memory');
  const third = selectionOf('SELECT _1 FROM archive', { fieldDelimiter: '|' });
  expect(memory).not.toHaveBeenCalled();
  selectionOf('SELECT _1 FROM archive');
  expect(memory).toHaveBeenCalledOnce();
  const failing = selectionOf('SELECT CAST(_1 AS INT) FROM archive');
  failing.give(Buffer.from('a\n'));
  for (let run = 0; run < 2; run += 1) expect(() => failing.run(out)).toThrow('INT');
  selectionOf('SELECT _1 FROM archive');
  expect(memory).toHaveBeenCalledTimes(2);
  third.give(Buffer.from('1|2,3\n4'));
  expect(third.run(out)).toEqual({ state: 'hungry', outputBytes: 2, endedBytes: 2 });
  expect(first.run(out)).toEqual({ state: 'done', outputBytes: 0, endedBytes: 0 });
  second.end();
  expect(second.run(out)).toEqual({ state: 'done', outputBytes: 2, endedBytes: 2 });
  expect(out.toString('utf8', 0, 2)).toBe('z\n');
  third.end();
  expect(third.run(out)).toEqual({ state: 'done', outputBytes: 2, endedBytes: 2 });
  expect(out.toString('utf8', 0, 2)).toBe('4\n');
});
