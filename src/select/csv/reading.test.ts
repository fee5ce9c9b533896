import { describe, expect, test } from 'vitest';
import { columnsOf, type SelectionCase, type SelectionResult, select } from '../../../test/support/selections.ts';
import type { CsvInput } from '../../model/select.ts';

/** Read with the options, and written with `|` between fields and `;` behind each, nothing quoted. */
const PLAINLY = { fieldDelimiter: '|', recordDelimiter: ';', quoteCharacter: null } as const;
const FEEDINGS = [{}, { chunks: [1] }, { chunks: [1, 2, 5, 3], room: 1 }, { chunks: [7], room: 3 }];

function everyWay(tried: SelectionCase): SelectionResult {
  const [whole, ...others] = FEEDINGS.map((feeding) => select(tried, feeding));
  for (const other of others) expect(other.fault ?? other.text).toEqual(whole?.fault ?? whole?.text);
  return whole as SelectionResult;
}

const read = (archive: string | Uint8Array, input: Partial<CsvInput> = {}): string | SelectionResult => {
  const result = everyWay({ archive, input, output: PLAINLY });
  return result.fault === undefined ? result.text : result;
};

const faultOf = (archive: string | Uint8Array, input: Partial<CsvInput> = {}): SelectionResult['fault'] =>
  everyWay({ archive, input, output: PLAINLY }).fault;

describe('records', () => {
  test.each([
    ['an empty archive has none', '', ''],
    ['the last one needs no delimiter', 'a,b\nc,d', 'a|b;c|d;'],
    ['the last one may have it', 'a,b\nc,d\n', 'a|b;c|d;'],
    ['an empty line is one empty field', 'a\n\nb\n\n', 'a;;b;;'],
    ['nothing but a delimiter is one as well', '\n', ';'],
    ['LF and CR LF may be mixed', 'a\r\nb\nc\r\n', 'a;b;c;'],
    ['a CR alone is text', 'a\rb\r\n\rc\nd\r', 'a\rb;\rc;d\r;'],
    ['each has its own number of fields', 'a\nb,c,d\ne,f\n,\n', 'a;b|c|d;e|f;|;'],
    ['NUL is text', 'a\0,\0\n\0', 'a\0|\0;\0;'],
    ['a byte order mark is not', '\ufeffa,b\n', 'a|b;'],
    ['and may be all there is', '\ufeff', ''],
    ['but only the first', '\ufeff\ufeffa', '\ufeffa;'],
    ['other alphabets', 'größe,日本\n👩🏽,\ufffd\n', 'größe|日本;👩🏽|\ufffd;'],
  ])('%s', (_, archive, expected) => {
    expect(read(archive)).toBe(expected);
  });

  test.each([
    ['LF is exact where it was asked for', '\n', 'a\r\nb\n', 'a\r;b;'],
    ['CR LF is exact', '\r\n', 'a\nb\rc\r\n\r\nd\r', 'a\nb\rc;;d\r;'],
    ['one character', '!', 'a,b!c\n!', 'a|b;c\n;'],
    ['a control character', '\x19', 'a\x19b', 'a;b;'],
    ['two characters', '!?', 'a!b?c!?!!?d!', 'a!b?c;!;d!;'],
    ['two that are equal', '!!', 'a!!!b!!!!c!', 'a;!b;;c!;'],
    ['CR', '\r', 'a\rb\n\r', 'a;b\n;'],
  ])('%s', (_, recordDelimiter, archive, expected) => {
    expect(read(archive, { recordDelimiter })).toBe(expected);
  });

  test.each([
    ['\t', 'a\tb,c\n', 'a|b,c;'],
    [';', 'a;b\n"c;d";e', 'a|b;c;d|e;'],
    [' ', 'a b  c', 'a|b||c;'],
  ])('fields are told apart by %j', (fieldDelimiter, archive, expected) => {
    expect(read(archive, { fieldDelimiter })).toBe(expected);
  });

  test('fields may stand on lines of their own', () => {
    expect(read('a\nb!c', { fieldDelimiter: '\n', recordDelimiter: '!' })).toBe('a|b;c;');
  });
});

describe('quotes', () => {
  test.each([
    ['hold delimiters of both kinds', '"a,b","c\nd"\n"e\r\nf"\n', 'a,b|c\nd;e\r\nf;'],
    ['are doubled', '"a""b","""",""""""\n', 'a"b|"|"";'],
    ['hold nothing', '"",""\n""\n""', '|;;;'],
    ['are text in the middle of a field', 'a"b,c"d",e""\n', 'a"b|c"d"|e"";'],
    ['are text after a space', ' "a,b"\n', ' "a|b";'],
    ['may close at the end of the archive', 'a,"b"', 'a|b;'],
    ['and before CR LF', '"a"\r\n"b"\r\n', 'a;b;'],
  ])('%s', (_, archive, expected) => {
    expect(read(archive)).toBe(expected);
  });

  test.each([
    ['of another character', { quoteCharacter: "'", quoteEscapeCharacter: "'" }, `'a,''b',"c"\n`, `a,'b|"c";`],
    ['none at all', { quoteCharacter: null }, '"a,b"\n"\n', '"a|b";";'],
    ['escaped by another', { quoteEscapeCharacter: '\\' }, '"a\\"b","\\\\",a\\b\n', 'a"b|\\|a\\b;'],
    ['or doubled all the same', { quoteEscapeCharacter: '\\' }, '"a""b\\"""",""\n', 'a"b""|;'],
    ['an escape before other text is text', { quoteEscapeCharacter: '\\' }, '"C:\\new"\n', 'C:\\new;'],
    ['before two characters that end the record', { recordDelimiter: '!?' }, '"a"!?"b!?"!?', 'a;b!?;'],
  ])('%s', (_, input, archive, expected) => {
    expect(read(archive, input)).toBe(expected);
  });

  test.each([
    ['text behind the closing quote', 'a\n"b"c\n', 2, 2],
    ['a quote behind an escaped field', '"a" "b"', 1, 0],
    ['an unclosed quote', 'a,b\nc,"d\ne\n', 2, 4],
    ['an unclosed quote at the end', 'é\n"', 2, 3],
    ['a doubled quote at the end', '"a""', 1, 0],
    ['a CR behind the closing quote', '"a"\r', 1, 0],
  ])('%s is refused', (_, archive, record, byteOffset) => {
    expect(faultOf(archive)).toEqual({ code: 'CSVParsingError', record, byteOffset });
  });

  test('an escape at its end does not end a quoted field', () => {
    expect(faultOf('"C:\\new\\"\n', { quoteEscapeCharacter: '\\' })?.code).toBe('CSVParsingError');
  });

  test('LF alone does not end a quoted field where CR LF must', () => {
    expect(faultOf('"a"\n', { recordDelimiter: '\r\n' })?.code).toBe('CSVParsingError');
  });
});

describe('comments', () => {
  test.each([
    ['are passed over', '#a\nb\n#c,"d\ne\n#', 'b;e;'],
    ['only where a record starts', 'a#b\n #c\n"#d"\n', 'a#b; #c;#d;'],
    ['and nothing else may be there', '#', ''],
  ])('%s', (_, archive, expected) => {
    expect(read(archive, { comments: '#' })).toBe(expected);
  });

  test('there are none unless a character was named', () => {
    expect(read('#a\n')).toBe('#a;');
  });

  test('count as records', () => {
    expect(faultOf('#a\n#b\n"c', { comments: '#' })).toEqual({ code: 'CSVParsingError', record: 3, byteOffset: 6 });
  });
});

describe('headers', () => {
  test('NONE: the first record is one like the others', () => {
    expect(read('x,y\na,b\n')).toBe('x|y;a|b;');
  });

  test.each(['IGNORE', 'USE'] as const)('%s: the first record that is no comment is passed over', (fileHeaderInfo) => {
    expect(read('#x\nx,y\na,b\n', { fileHeaderInfo, comments: '#' })).toBe('a|b;');
    expect(read('x,y', { fileHeaderInfo })).toBe('');
    expect(read('', { fileHeaderInfo })).toBe('');
  });

  test('USE: the plan is made when the names are known', () => {
    const asked: unknown[] = [];
    const archive = '\ufeffid,"full ""name""",id,\r\n1,b,2\r\n';
    const result = everyWay({
      archive,
      input: { fileHeaderInfo: 'USE' },
      plan: ({ columns }) => {
        asked.push(columns);
        return columnsOf(1)();
      },
    });
    expect(result.text).toBe('b\n');
    expect(asked).toEqual(FEEDINGS.map(() => ({ kind: 'names', names: ['id', 'full "name"', 'id', ''] })));
  });
});

describe('what is not UTF-8', () => {
  const around = (...bytes: number[]): Buffer => Buffer.concat([Buffer.from('aé\nb'), Buffer.from(bytes)]);

  test.each([
    ['a byte that never is', [0xff, 0x0a]],
    ['the rest of a character without its start', [0x80]],
    ['a start without its rest', [0xc3, 0x28]],
    ['a character that the end cuts', [0xe2, 0x82]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['one written too long', [0xc0, 0x80]],
    ['one beyond the last', [0xf4, 0x90, 0x80, 0x80]],
  ])('%s is refused', (_, bytes) => {
    expect(faultOf(around(...bytes))).toEqual({ code: 'InvalidTextEncoding', record: 2, byteOffset: 4 });
  });

  test('UTF-16 is refused, and so is gzip', () => {
    expect(faultOf(Buffer.from('\ufeffa,b\n', 'utf16le'))?.code).toBe('InvalidTextEncoding');
    expect(faultOf(Buffer.from([0x1f, 0x8b, 0x08, 0x00]))?.code).toBe('InvalidTextEncoding');
  });

  test('what is wrong before it comes first', () => {
    expect(faultOf(Buffer.concat([Buffer.from('"a"b'), Buffer.of(0xff)]))?.code).toBe('CSVParsingError');
  });
});
