import fc from 'fast-check';
import { expect, test } from 'vitest';
import { naiveRead, naiveWrite } from '../../../test/support/naive-csv.ts';
import { columnsOf, select } from '../../../test/support/selections.ts';
import { tries } from '../../../test/support/tries.ts';
import { type CsvInput, type CsvOutput, DEFAULT_CSV_INPUT, FILE_HEADERS, QUOTE_FIELDS } from '../../model/select.ts';

/** Random CSV with random options, read and written by the engine and by a plain model. They must agree. */
const RUNS = tries(150);
const TIMEOUT_MS = 60_000;

const CHARACTERS = [',', '"', '\\', '#', ';', '!', '?', "'", '|', '\n', '\r', ' '];
const character = fc.constantFrom(...CHARACTERS);
const feeding = fc.record({
  chunks: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
  room: fc.integer({ min: 1, max: 40 }),
});
const input = fc.record<CsvInput>({
  fileHeaderInfo: fc.constantFrom(...FILE_HEADERS),
  comments: fc.option(character),
  recordDelimiter: fc.option(
    fc.oneof(
      character,
      fc.tuple(character, character).map((pair) => pair.join('')),
    ),
  ),
  fieldDelimiter: fc.oneof(fc.constant(','), character),
  quoteCharacter: fc.option(fc.oneof(fc.constant('"'), character), { freq: 8 }),
  quoteEscapeCharacter: fc.oneof(fc.constant('"'), character),
});
const output = fc.record<CsvOutput>({
  quoteFields: fc.constantFrom(...QUOTE_FIELDS),
  recordDelimiter: fc.oneof(fc.constant('\n'), character, fc.constant('\r\n')),
  fieldDelimiter: fc.oneof(fc.constant(','), character),
  quoteCharacter: fc.option(fc.oneof(fc.constant('"'), character), { freq: 8 }),
  quoteEscapeCharacter: fc.oneof(fc.constant('"'), character),
});

/** Whether the characters of the input are told apart, as the API demands. */
function isClear({
  recordDelimiter,
  fieldDelimiter,
  quoteCharacter,
  quoteEscapeCharacter,
  comments,
}: CsvInput): boolean {
  const ends = [...new Set(recordDelimiter ?? '\r\n')];
  const escaping = quoteEscapeCharacter === quoteCharacter ? [] : [quoteEscapeCharacter];
  const used = [...ends, fieldDelimiter, quoteCharacter ?? 'none', ...escaping, comments ?? 'no comment'];
  return new Set(used).size === used.length;
}

/** Text that is mostly what the options give a meaning to. */
const archiveFor = (options: CsvInput): fc.Arbitrary<string> => {
  const { recordDelimiter, fieldDelimiter, quoteCharacter, quoteEscapeCharacter, comments } = options;
  const quote = quoteCharacter ?? '"';
  const written = fc
    .array(fc.constantFrom('a', 'é', quote.repeat(2), fieldDelimiter, '\n', quoteEscapeCharacter + quote), {
      maxLength: 4,
    })
    .map((pieces) => quote + pieces.join('') + quote);
  const piece = fc.oneof(
    { arbitrary: fc.constantFrom('a', 'bc', 'é', '👩🏽', '\r', '\n', '\0', comments ?? '#'), weight: 4 },
    { arbitrary: fc.constantFrom(fieldDelimiter, recordDelimiter ?? '\n', recordDelimiter ?? '\r\n'), weight: 6 },
    { arbitrary: fc.constantFrom(quote, quoteEscapeCharacter), weight: 1 },
    { arbitrary: written.map((field) => field + fieldDelimiter), weight: 2 },
    { arbitrary: written.map((field) => field + (recordDelimiter ?? '\n')), weight: 1 },
  );
  return fc.tuple(fc.boolean(), fc.array(piece, { maxLength: 30 })).map(([mark, pieces]) => {
    return (mark ? '\ufeff' : '') + pieces.join('');
  });
};

const clearInput = input.filter(isClear);
const readable = clearInput.chain((options) => fc.tuple(fc.constant(options), archiveFor(options)));
const columns = fc.option(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }));

test(
  'reading and writing agree with the model',
  () => {
    fc.assert(
      fc.property(readable, output, columns, feeding, ([options, archive], written, chosen, how) => {
        const plan = chosen === null ? {} : { plan: columnsOf(...chosen) };
        const result = select({ archive, input: options, output: written, ...plan }, how);
        const { records, fault } = naiveRead(archive, options);
        const rows = options.fileHeaderInfo === 'NONE' ? records : records.slice(1);
        const pick = (record: string[]): (string | null)[] =>
          chosen === null ? record : chosen.map((field) => record[field] ?? null);
        expect(result.fault).toEqual(fault);
        const expected = rows.map((record) => naiveWrite(pick(record), written)).join('');
        if (fault === undefined) expect(result.text).toBe(expected);
        else expect(expected.startsWith(result.text.replace(/\ufffd+$/, ''))).toBe(true);
      }),
      { numRuns: RUNS },
    );
  },
  TIMEOUT_MS,
);

test(
  'what was written is read again',
  () => {
    const fields = fc.array(fc.string({ unit: fc.constantFrom('a', 'é', ...CHARACTERS) }), {
      minLength: 1,
      maxLength: 4,
    });
    const records = fc.array(fields, { maxLength: 5 });
    fc.assert(
      fc.property(clearInput, records, feeding, (options, rows, how) => {
        fc.pre(options.quoteCharacter !== null);
        const dialect = { ...options, comments: null, fileHeaderInfo: 'NONE' as const };
        const output: CsvOutput = {
          ...dialect,
          quoteFields: 'ALWAYS',
          recordDelimiter: options.recordDelimiter ?? '\n',
        };
        const archive = rows.map((row) => naiveWrite(row, output)).join('');
        const copy = select({ archive, input: dialect, output: { ...output, quoteFields: 'ASNEEDED' } }, how).text;
        expect(select({ archive: copy, input: dialect, output }, how)).toEqual({ text: archive });
      }),
      { numRuns: RUNS },
    );
  },
  TIMEOUT_MS,
);

test(
  'bytes of any kind end in output or in an error, the same however they come',
  () => {
    const byte = fc.oneof(
      fc.constantFrom(...CHARACTERS).map((text) => text.charCodeAt(0)),
      fc.constantFrom(0x61, 0x00, 0xc3, 0xa9, 0xff, 0xef, 0xbb, 0xbf),
    );
    const archive = fc.array(byte, { maxLength: 60 }).map((bytes) => Uint8Array.from(bytes));
    fc.assert(
      fc.property(archive, input, output, feeding, (bytes, options, written, how) => {
        const whole = select({ archive: bytes, input: options, output: written });
        const other = select({ archive: bytes, input: options, output: written }, how);
        expect(other.fault).toEqual(whole.fault);
        if (whole.fault === undefined) expect(other.text).toBe(whole.text);
      }),
      { numRuns: 2 * RUNS },
    );
  },
  TIMEOUT_MS,
);

test('the defaults are clear', () => {
  expect(isClear(DEFAULT_CSV_INPUT)).toBe(true);
});
