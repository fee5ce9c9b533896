import { invalidParameter, missingParameter } from '../model/errors.ts';
import {
  type CsvInput,
  type CsvOutput,
  DEFAULT_CSV_INPUT,
  DEFAULT_CSV_OUTPUT,
  FILE_HEADERS,
  QUOTE_FIELDS,
  type SelectQuery,
} from '../model/select.ts';
import { type Json, Members } from './json-members.ts';
import { type KnownMembers, onlyKnown } from './known-members.ts';

/**
 * `SelectParameters` of InitiateJob: the query, and how its input and its output are written. Amazon's own samples spell
 * words as `"None"` and `"AsNeeded"` and send members that are null, so words are read in any case. What separates one thing
 * from another must be told apart from everything else that has a meaning.
 */
export interface SelectParameters {
  query: SelectQuery;
  /** JSON: what was sent, without what is null or unknown. */
  sent: string;
}

const FORMAT = {
  FieldDelimiter: null,
  QuoteCharacter: null,
  QuoteEscapeCharacter: null,
  RecordDelimiter: null,
};
const INPUT = { Comments: null, FileHeaderInfo: null, ...FORMAT };
const OUTPUT = { QuoteFields: null, ...FORMAT };
export const KNOWN_SELECT: KnownMembers = {
  Expression: null,
  ExpressionType: null,
  InputSerialization: { csv: INPUT, CSV: INPUT },
  OutputSerialization: { csv: OUTPUT, CSV: OUTPUT },
};

/** Glacier's own, and the tab, which everybody uses. */
const FIELD_DELIMITER = /^[\t\n\r\x20-\x7e]$/;
const CHARACTER = /^\p{ASCII}$/u;
const RECORD_DELIMITER = /^\p{ASCII}{1,2}$/u;

export function parseSelectParameters(body: Json): SelectParameters {
  const parameters = Members.of(body, 'SelectParameters');
  if (parameters === null) throw missingParameter('SelectParameters');
  const expression = parameters.text('Expression');
  if (expression === null || expression === '') throw missingParameter(parameters.path('Expression'));
  const type = parameters.word('ExpressionType', ['SQL']);
  if (type === null) throw missingParameter(parameters.path('ExpressionType'));
  const input = csvInput(csvIn(parameters.object('InputSerialization')));
  const output = csvOutput(csvIn(parameters.object('OutputSerialization')));
  return { query: { expression, input, output }, sent: JSON.stringify(onlyKnown(parameters.json, KNOWN_SELECT)) };
}

/** What S3 Select has and this has not. Passed over like other unknown members, it would change what a query means. */
const OTHER_FORMATS = ['json', 'JSON', 'parquet', 'Parquet'];

/** Glacier's name is `csv`; that of S3 Select, which differs in nothing else, would otherwise be passed over in silence. */
function csvIn(serialization: Members | null): Members | null {
  if (serialization === null) return null;
  const { json } = serialization;
  const other = OTHER_FORMATS.find((name) => (json[name] ?? null) !== null);
  if (other !== undefined)
    throw invalidParameter(`Invalid ${serialization.path(other)}: only csv is read and written.`);
  const compression = json.CompressionType ?? null;
  if (compression !== null && !/^none$/i.test(String(compression))) {
    throw invalidParameter(`Invalid ${serialization.path('CompressionType')}: archives are read as they are.`);
  }
  return serialization.object('csv') ?? serialization.object('CSV');
}

function csvInput(csv: Members | null): CsvInput {
  if (csv === null) return DEFAULT_CSV_INPUT;
  const format = csvFormat(csv);
  const comments = character(csv, 'Comments', CHARACTER);
  refuseShared(csv, { ...format, comments });
  return {
    fileHeaderInfo: csv.word('FileHeaderInfo', FILE_HEADERS) ?? DEFAULT_CSV_INPUT.fileHeaderInfo,
    comments: comments === '' ? null : comments,
    ...format,
    // A field that ends with CR would be taken for the end of a record where that is LF or CR LF.
    recordDelimiter: format.recordDelimiter ?? (format.fieldDelimiter === '\r' ? '\n' : null),
  };
}

function csvOutput(csv: Members | null): CsvOutput {
  if (csv === null) return DEFAULT_CSV_OUTPUT;
  const format = csvFormat(csv);
  refuseShared(csv, { ...format, comments: null });
  return {
    quoteFields: csv.word('QuoteFields', QUOTE_FIELDS) ?? DEFAULT_CSV_OUTPUT.quoteFields,
    ...format,
    recordDelimiter: format.recordDelimiter ?? DEFAULT_CSV_OUTPUT.recordDelimiter,
  };
}

type Format = Pick<CsvInput, 'recordDelimiter' | 'fieldDelimiter' | 'quoteCharacter' | 'quoteEscapeCharacter'>;

/** An empty quote means that nothing is quoted; where no escape is said, a quote is doubled. */
function csvFormat(csv: Members): Format {
  const quote = character(csv, 'QuoteCharacter', CHARACTER) ?? DEFAULT_CSV_INPUT.quoteCharacter;
  const escaping = character(csv, 'QuoteEscapeCharacter', CHARACTER) ?? '';
  const quoteCharacter = quote === '' ? null : quote;
  return {
    recordDelimiter: delimiter(csv, 'RecordDelimiter', RECORD_DELIMITER),
    fieldDelimiter: delimiter(csv, 'FieldDelimiter', FIELD_DELIMITER) ?? DEFAULT_CSV_INPUT.fieldDelimiter,
    quoteCharacter,
    quoteEscapeCharacter: escaping === '' ? (quoteCharacter ?? DEFAULT_CSV_INPUT.quoteEscapeCharacter) : escaping,
  };
}

/** One character of ASCII, or none. */
function character(csv: Members, name: string, pattern: RegExp): string | null {
  const value = csv.text(name);
  if (value === null || value === '' || pattern.test(value)) return value;
  throw invalidParameter(`Invalid ${csv.path(name)}: ${JSON.stringify(value)}. It must be a single ASCII character.`);
}

function delimiter(csv: Members, name: string, pattern: RegExp): string | null {
  const value = csv.text(name);
  if (value === null || pattern.test(value)) return value;
  const must =
    name === 'RecordDelimiter' ? 'one or two ASCII characters' : 'a single printable ASCII character, tab, LF or CR';
  throw invalidParameter(`Invalid ${csv.path(name)}: ${JSON.stringify(value)}. It must be ${must}.`);
}

/** Each of these has a meaning of its own; only a quote may be escaped with itself. */
function refuseShared(csv: Members, format: Format & { comments: string | null }): void {
  const { quoteCharacter, fieldDelimiter, recordDelimiter, comments } = format;
  const quoted = quoteCharacter !== null;
  const escaping = quoted && format.quoteEscapeCharacter !== quoteCharacter ? format.quoteEscapeCharacter : null;
  const used = [
    ['RecordDelimiter', recordDelimiter ?? '\n'],
    ['FieldDelimiter', fieldDelimiter],
    ['QuoteCharacter', quoteCharacter],
    ['QuoteEscapeCharacter', escaping],
    ['Comments', comments],
  ] as const;
  const seen = new Map<string, string>();
  for (const [name, characters] of used) {
    for (const one of new Set(characters ?? '')) {
      const other = seen.get(one);
      if (other !== undefined) {
        throw invalidParameter(
          `Invalid ${csv.path(name)}: ${JSON.stringify(characters)} is (or is a part of) the ${other} too; they must differ.`,
        );
      }
      seen.set(one, name);
    }
  }
}
