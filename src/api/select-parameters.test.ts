import { describe, expect, test } from 'vitest';
import { GlacierError } from '../model/errors.ts';
import { DEFAULT_CSV_INPUT, DEFAULT_CSV_OUTPUT } from '../model/select.ts';
import { parseSelectParameters } from './select-parameters.ts';

const SQL = { Expression: 'select * from archive', ExpressionType: 'SQL' };
const parse = (parameters: unknown) => parseSelectParameters({ SelectParameters: parameters });
const input = (csv: unknown) => parse({ ...SQL, InputSerialization: { csv } }).query.input;
const output = (csv: unknown) => parse({ ...SQL, OutputSerialization: { csv } }).query.output;

describe('what is understood', () => {
  test('with as little as it needs', () => {
    const { query, sent } = parse(SQL);
    expect(query).toEqual({ expression: SQL.Expression, input: DEFAULT_CSV_INPUT, output: DEFAULT_CSV_OUTPUT });
    expect(JSON.parse(sent)).toEqual(SQL);
  });

  test.each([
    [{ InputSerialization: null, OutputSerialization: null }],
    [{ InputSerialization: {}, OutputSerialization: { csv: null } }],
    [{ InputSerialization: { csv: { Comments: null, FileHeaderInfo: null } }, OutputSerialization: { csv: {} } }],
  ])('what is null or empty counts as absent: %j', (more) => {
    expect(parse({ ...SQL, ...more }).query).toEqual(parse(SQL).query);
  });

  test('every member', () => {
    const csv = { FieldDelimiter: ';', QuoteCharacter: "'", QuoteEscapeCharacter: '\\', RecordDelimiter: '\r\n' };
    expect(input({ ...csv, Comments: '#', FileHeaderInfo: 'Use' })).toEqual({
      fileHeaderInfo: 'USE',
      comments: '#',
      recordDelimiter: '\r\n',
      fieldDelimiter: ';',
      quoteCharacter: "'",
      quoteEscapeCharacter: '\\',
    });
    expect(output({ ...csv, QuoteFields: 'Always' })).toEqual({
      quoteFields: 'ALWAYS',
      recordDelimiter: '\r\n',
      fieldDelimiter: ';',
      quoteCharacter: "'",
      quoteEscapeCharacter: '\\',
    });
  });

  test('words as the samples of Amazon spell them', () => {
    expect(parse({ ...SQL, ExpressionType: 'sql' }).query.expression).toBe(SQL.Expression);
    expect(input({ FileHeaderInfo: 'None' }).fileHeaderInfo).toBe('NONE');
    expect(input({ FileHeaderInfo: 'Ignore' }).fileHeaderInfo).toBe('IGNORE');
    expect(output({ QuoteFields: 'AsNeeded' }).quoteFields).toBe('ASNEEDED');
  });

  test('nothing is quoted where the quote is empty, and a quote is doubled where no escape is said', () => {
    expect(input({ QuoteCharacter: '' })).toMatchObject({ quoteCharacter: null, quoteEscapeCharacter: '"' });
    expect(input({ QuoteCharacter: "'" })).toMatchObject({ quoteCharacter: "'", quoteEscapeCharacter: "'" });
    expect(input({ QuoteEscapeCharacter: '' })).toMatchObject({ quoteEscapeCharacter: '"' });
    expect(input({ Comments: '' }).comments).toBeNull();
  });

  test('fields may be separated by tabs, and by CR where records then end with LF alone', () => {
    expect(input({ FieldDelimiter: '\t' }).fieldDelimiter).toBe('\t');
    expect(input({ FieldDelimiter: '\r' })).toMatchObject({ fieldDelimiter: '\r', recordDelimiter: '\n' });
    expect(input({ FieldDelimiter: '\n', RecordDelimiter: ';' })).toMatchObject({ recordDelimiter: ';' });
  });

  test('the name that S3 Select has for the format', () => {
    const { query, sent } = parse({ ...SQL, InputSerialization: { CSV: { FileHeaderInfo: 'USE' } } });
    expect(query.input.fileHeaderInfo).toBe('USE');
    expect(JSON.parse(sent).InputSerialization).toEqual({ CSV: { FileHeaderInfo: 'USE' } });
  });

  test('what was sent is kept as it was spelt, without what is null or unknown', () => {
    const csv = { QuoteFields: 'AsNeeded', RecordDelimiter: null, Compression: 'GZIP' };
    const { sent } = parse({
      ExpressionType: 'sql',
      Expression: 'x',
      Version: 2,
      OutputSerialization: { csv, json: null, CompressionType: 'None', other: {} },
    });
    expect(sent).toBe(
      '{"Expression":"x","ExpressionType":"sql","OutputSerialization":{"csv":{"QuoteFields":"AsNeeded"}}}',
    );
  });
});

describe('what is refused', () => {
  test.each([
    [null, 'Required parameter missing: SelectParameters'],
    [{}, 'Required parameter missing: SelectParameters.Expression'],
    [{ ...SQL, Expression: '' }, 'Required parameter missing: SelectParameters.Expression'],
    [{ Expression: 'x' }, 'Required parameter missing: SelectParameters.ExpressionType'],
    [{ ...SQL, ExpressionType: 'PartiQL' }, 'Invalid SelectParameters.ExpressionType: PartiQL. It must be SQL.'],
  ])('%j', (parameters, message) => {
    expect(() => parse(parameters)).toThrow(message);
  });

  test.each([
    [{ FileHeaderInfo: 'maybe' }, 'FileHeaderInfo: maybe. It must be one of NONE, IGNORE, USE.'],
    [{ FieldDelimiter: '' }, 'FieldDelimiter: "". It must be a single printable ASCII character, tab, LF or CR.'],
    [{ FieldDelimiter: '||' }, 'FieldDelimiter: "||".'],
    [{ FieldDelimiter: '\u0001' }, 'FieldDelimiter: "\\u0001".'],
    [{ FieldDelimiter: 'é' }, 'FieldDelimiter: "é".'],
    [{ RecordDelimiter: '' }, 'RecordDelimiter: "". It must be one or two ASCII characters.'],
    [{ RecordDelimiter: '\r\n\n' }, 'RecordDelimiter: "\\r\\n\\n".'],
    [{ QuoteCharacter: '""' }, 'QuoteCharacter: "\\"\\"". It must be a single ASCII character.'],
    [{ QuoteEscapeCharacter: '€' }, 'QuoteEscapeCharacter: "€".'],
    [{ Comments: '//' }, 'Comments: "//".'],
    [{ FieldDelimiter: '"' }, 'QuoteCharacter: "\\"" is (or is a part of) the FieldDelimiter too; they must differ.'],
    [{ QuoteCharacter: ',' }, 'QuoteCharacter: "," is (or is a part of) the FieldDelimiter'],
    [{ FieldDelimiter: '\n' }, 'FieldDelimiter: "\\n" is (or is a part of) the RecordDelimiter'],
    [{ RecordDelimiter: ',;' }, 'FieldDelimiter: "," is (or is a part of) the RecordDelimiter'],
    [{ Comments: ',' }, 'Comments: "," is (or is a part of) the FieldDelimiter'],
    [{ Comments: '\n' }, 'Comments: "\\n" is (or is a part of) the RecordDelimiter'],
    [{ QuoteEscapeCharacter: ',' }, 'QuoteEscapeCharacter: "," is (or is a part of) the FieldDelimiter'],
  ])('of the input: %j', (csv, message) => {
    expect(() => input(csv)).toThrow(`Invalid SelectParameters.InputSerialization.csv.${message}`);
  });

  test.each([
    [{ QuoteFields: 'never' }, 'QuoteFields: never. It must be one of ALWAYS, ASNEEDED.'],
    [{ FieldDelimiter: '\n' }, 'FieldDelimiter: "\\n" is (or is a part of) the RecordDelimiter'],
  ])('of the output: %j', (csv, message) => {
    expect(() => output(csv)).toThrow(`Invalid SelectParameters.OutputSerialization.csv.${message}`);
  });

  test.each([
    [{ InputSerialization: { json: {} } }, 'SelectParameters.InputSerialization.json: only csv is read and written.'],
    [{ InputSerialization: { csv: {}, Parquet: {} } }, 'SelectParameters.InputSerialization.Parquet: only csv'],
    [{ OutputSerialization: { JSON: {} } }, 'SelectParameters.OutputSerialization.JSON: only csv'],
    [
      { InputSerialization: { csv: {}, CompressionType: 'GZIP' } },
      'SelectParameters.InputSerialization.CompressionType: archives are read as they are.',
    ],
  ])('what S3 Select has besides CSV: %j', (serialization, message) => {
    expect(() => parse({ ...SQL, ...serialization })).toThrow(`Invalid ${message}`);
  });

  test.each([
    ['text', 'SelectParameters'],
    [{ ...SQL, Expression: 5 }, 'SelectParameters.Expression'],
    [{ ...SQL, InputSerialization: 'csv' }, 'SelectParameters.InputSerialization'],
    [{ ...SQL, InputSerialization: { csv: [] } }, 'SelectParameters.InputSerialization.csv'],
    [{ ...SQL, InputSerialization: { csv: { Comments: 1 } } }, 'SelectParameters.InputSerialization.csv.Comments'],
  ])('%j has a member of another type', (parameters, path) => {
    const refusal = new GlacierError('SerializationException', `The member ${path} of the request body must be`);
    expect(() => parse(parameters)).toThrow(refusal.message);
    expect(() => parse(parameters)).toThrow(GlacierError);
  });
});
