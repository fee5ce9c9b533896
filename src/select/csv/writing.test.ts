import { describe, expect, test } from 'vitest';
import { columnsOf, select } from '../../../test/support/selections.ts';
import { limits, MIB } from '../../model/limits.ts';
import type { CsvInput, CsvOutput } from '../../model/select.ts';
import type { Plan } from '../compile/plan.ts';
import type { Value } from '../values/value.ts';

interface Options {
  input?: Partial<CsvInput>;
  output?: Partial<CsvOutput>;
  plan?: () => Plan;
}

const ROOMS = [4096, 1, 3, 7];

function written(archive: string, options: Options = {}): string {
  const texts = ROOMS.map((room) => select({ archive, ...options }, { room }).text);
  expect(new Set(texts).size).toBe(1);
  return texts[0] as string;
}

const values =
  (...columns: Value[]) =>
  (): Plan => ({
    columnsRead: 0,
    keeps: null,
    output: { kind: 'columns', columns: columns.map((value) => ({ value: () => value })) },
    limit: null,
  });

describe('the record as it is', () => {
  test.each([
    ['fields are quoted where they must be', 'a,"b","c,d","e""f","g\nh","",i j\n', 'a,b,"c,d","e""f","g\nh",,i j\n'],
    ['and where they were not', 'a"b,c"\nd\re,f\n', '"a""b","c"""\n"d\re",f\n'],
    ['each keeps its own number of fields', 'a\nb,c,d\n\n', 'a\nb,c,d\n\n'],
    ['the last gets its delimiter', 'a,b', 'a,b\n'],
    ['CR LF becomes what was asked for', 'a,b\r\n"c\r\n"\r\n', 'a,b\n"c\r\n"\n'],
  ])('%s', (_, archive, expected) => {
    expect(written(archive)).toBe(expected);
  });

  test.each([
    ['all of them quoted', { quoteFields: 'ALWAYS' }, 'a,"b",,"c""d"\n', '"a","b","","c""d"\n'],
    ['another field delimiter', { fieldDelimiter: '|' }, 'a,"b,c",d|e\n', 'a|b,c|"d|e"\n'],
    ['another record delimiter', { recordDelimiter: '!?' }, 'a,b\n"c\n!",d?\n', 'a,b!?"c\n!","d?"!?'],
    ['another quote', { quoteCharacter: "'", quoteEscapeCharacter: "'" }, `a'b,"c""d","e,"\n`, `'a''b',c"d,'e,'\n`],
    ['another escape', { quoteEscapeCharacter: '\\' }, 'a\\b,"c""d","e\\,"\n', 'a\\b,"c\\"d","e\\\\,"\n'],
    ['no quotes', { quoteCharacter: null }, '"a,b","c""d"\n', 'a,b,c"d\n'],
    ['no quotes whatever is asked', { quoteCharacter: null, quoteFields: 'ALWAYS' }, 'a,"b,"\n', 'a,b,\n'],
  ] as const)('%s', (_, output, archive, expected) => {
    expect(written(archive, { output })).toBe(expected);
  });

  test('what is alike on both sides', () => {
    const both = { fieldDelimiter: '|', quoteCharacter: "'", quoteEscapeCharacter: '\\', recordDelimiter: '!' };
    const archive = "a|'b|\\''!'c\\d|'|e\\!f|'g'!";
    expect(written(archive, { input: both, output: both })).toBe("a|'b|\\''!'c\\\\d|'|e\\!f|g!");
    expect(written("'c\\d|'!'|''|\\\\'!'e|'!", { input: both, output: both })).toBe("'c\\\\d|'!'|\\'|\\\\'!'e|'!");
  });

  test('what ends records in the archive only needs no quotes', () => {
    expect(written('a;"b;c";"d\n";', { input: { recordDelimiter: ';' } })).toBe('a\nb;c\n"d\n"\n');
  });

  test('many records, whole and in part', () => {
    const archive = Array.from({ length: 300 }, (_, line) => `${line},é${'x'.repeat(line % 70)},"y,"\n`).join('');
    expect(written(archive)).toBe(archive);
    const even = { columnsRead: 1, output: { kind: 'record' }, limit: null } as const;
    const plan = ({ row }: { row: { text(field: number): string | undefined } }): Plan => ({
      ...even,
      keeps: () => Number(row.text(0)) % 4 < 2,
    });
    const kept = archive.split(/(?<=\n)/).filter((line) => Number.parseInt(line, 10) % 4 < 2);
    for (const room of ROOMS) expect(select({ archive, plan }, { chunks: [50], room }).text).toBe(kept.join(''));
  });
});

describe('columns', () => {
  test('in any order, and the missing ones are empty', () => {
    const archive = 'a,"b,",c\nd\n';
    expect(written(archive, { plan: columnsOf(2, 1, 7, 1) })).toBe('c,"b,",,"b,"\n,,,\n');
    const output = { quoteFields: 'ALWAYS' } as const;
    expect(written(archive, { output, plan: columnsOf(2, 0) })).toBe('"c","a"\n"","d"\n');
  });

  test('values are printed and quoted as fields are', () => {
    const texts = ['a', 'b,c', 'd"e', 'f\r', 'größe, 日本', 'x'.repeat(60)] as const;
    expect(written('1\n', { plan: values(...texts, null, undefined, 12n, true, '') })).toBe(
      `a,"b,c","d""e","f\r","größe, 日本",${'x'.repeat(60)},,,12,true,\n`,
    );
    const output = { quoteFields: 'ALWAYS', quoteEscapeCharacter: '\\' } as const;
    expect(written('1\n', { output, plan: values('a\\"b', null, undefined, 1n) })).toBe('"a\\\\\\"b","","","1"\n');
  });

  test('one empty column is an empty line', () => {
    expect(written('a\nb\n', { plan: values(null) })).toBe('\n\n');
  });
});

describe('how much', () => {
  const rows = 'a\nb\nc\nd\n';

  test.each([
    [0n, ''],
    [2n, 'a\nb\n'],
    [9n, rows],
    [2n ** 64n, rows],
  ])('a limit of %d', (limit, expected) => {
    expect(written(rows, { plan: () => ({ ...columnsOf(0)(), limit }) })).toBe(expected);
  });

  test('nothing is read behind the limit', () => {
    expect(select({ archive: 'a\n"b', plan: () => ({ ...columnsOf(0)(), limit: 1n }) })).toEqual({ text: 'a\n' });
  });

  const count = (limit: bigint | null) => (): Plan => {
    let records = 0n;
    const add = (): void => {
      records += 1n;
    };
    return { columnsRead: 0, keeps: null, output: { kind: 'aggregate', add, values: () => [records, null] }, limit };
  };

  test.each([
    ['all records', rows, {}, null, '4,\n'],
    ['none at all', '', {}, null, '0,\n'],
    ['none behind the header', 'a', { fileHeaderInfo: 'USE' }, null, '0,\n'],
    ['not even a header', '', { fileHeaderInfo: 'USE' }, null, '0,\n'],
    ['a limit is one of results', rows, {}, 1n, '4,\n'],
    ['and may leave none', rows, {}, 0n, ''],
  ] as const)('an aggregate: %s', (_, archive, input, limit, expected) => {
    expect(written(archive, { input, plan: count(limit) })).toBe(expected);
  });
});

describe('limits', () => {
  const max = limits.selectRecordBytesMax;
  const code = (archive: string, options: Options): unknown =>
    select({ archive, ...options }, { room: MIB }).fault?.code ?? 'none';

  test('a result of the greatest size is written, one byte more is refused', () => {
    const archive = `${'"'.repeat(max / 2)}\n`;
    const noQuotes = { quoteCharacter: null };
    expect(code(archive, { input: noQuotes, output: noQuotes })).toBe('none');
    expect(code(archive, { input: noQuotes })).toBe('OverMaxRecordSize');
    expect(code('a\n', { plan: values('x'.repeat(max - 1), '') })).toBe('none');
    expect(code('a\n', { plan: values('x'.repeat(max), '') })).toBe('OverMaxRecordSize');
    expect(code('a\n', { plan: values('é'.repeat(max / 2), 'a') })).toBe('OverMaxRecordSize');
    expect(code('a\n', { plan: values('x'.repeat(10 * max)) })).toBe('OverMaxRecordSize');
  });

  test('the error says which record it was', () => {
    const { fault } = select({ archive: 'é\nb\n', plan: values('x'.repeat(max + 1)) });
    expect(fault).toEqual({ code: 'OverMaxRecordSize', record: 1, byteOffset: 0 });
  });
});
