import { type Place, SelectError } from '../select-error.ts';
import type { Expression, FunctionName } from '../sql/syntax.ts';
import { shown } from '../values/shown.ts';
import { charLength, lower, substring, trim, upper } from '../values/text.ts';
import { parseTimestamp, type Timestamp, timestampOf } from '../values/timestamp.ts';
import { compileFormat } from '../values/timestamp-format.ts';
import type { Value } from '../values/value.ts';
import { placed } from './fold.ts';
import { equalityOf } from './pair.ts';
import {
  absence,
  integerReader,
  isPresent,
  requireInteger,
  requireKind,
  textReader,
  timestampReader,
} from './reading.ts';
import { computed, NUMBER, TEXT, type Term, TIMESTAMP, union } from './term.ts';

/** Functions of a plain list of arguments, and TRIM. With an argument that is not there they say MISSING or null, as it is. */

export interface Called {
  operands: readonly Term[];
  place: Place;
  nowMs: number;
}

export function call(name: FunctionName, called: Called): Term {
  switch (name) {
    case 'COALESCE':
      return coalesce(called.operands);
    case 'NULLIF':
      return nullIf(called.operands);
    case 'CHAR_LENGTH':
      return ofText(name, called, { kinds: NUMBER, compute: (text) => BigInt(charLength(text)) });
    case 'LOWER':
      return ofText(name, called, { kinds: TEXT, compute: lower });
    case 'UPPER':
      return ofText(name, called, { kinds: TEXT, compute: upper });
    case 'SUBSTRING':
      return substringOf(called);
    case 'TO_STRING':
      return formatted(called);
    case 'TO_TIMESTAMP':
      return ofText(name, called, { kinds: TIMESTAMP, compute: timestampIn });
    case 'UTCNOW':
      return utcNow(called.nowMs);
  }
}

function coalesce(operands: readonly Term[]): Term {
  const evaluate = (): Value => {
    for (const operand of operands) {
      const value = operand.evaluate();
      if (isPresent(value)) return value;
    }
    return null;
  };
  return computed(union(operands.map(({ kinds }) => kinds)), operands, evaluate);
}

function nullIf(operands: readonly Term[]): Term {
  const [first, second] = operands as [Term, Term];
  const equals = equalityOf(first.kinds, second.kinds);
  const evaluate = (): Value => {
    const value = first.evaluate();
    return equals(value, second.evaluate()) === true ? null : value;
  };
  return computed(first.kinds, operands, evaluate);
}

function ofText(
  name: string,
  { operands, place }: Omit<Called, 'nowMs'>,
  { kinds, compute }: { kinds: Term['kinds']; compute: (text: string) => Value },
): Term {
  const [operand] = operands as [Term];
  requireKind(operand.kinds, 'text', { what: name, place });
  const read = textReader(name);
  const evaluate = (): Value => {
    const text = read(operand.evaluate());
    return isPresent(text) ? compute(text) : text;
  };
  return computed(kinds, operands, evaluate);
}

function substringOf({ operands, place }: Called): Term {
  const what = 'SUBSTRING';
  const [operand, start, length] = operands as [Term, Term, Term?];
  requireKind(operand.kinds, 'text', { what, place });
  requireInteger(start, { what, place });
  if (length !== undefined) requireInteger(length, { what, place });
  const readText = textReader(what);
  const readStart = integerReader(start.kinds, what);
  const readLength = length === undefined ? null : integerReader(length.kinds, what);
  const evaluate = (): Value => {
    const text = readText(operand.evaluate());
    const from = readStart(start.evaluate());
    if (length === undefined || readLength === null) {
      return isPresent(text) && isPresent(from) ? substring(text, from, null) : absence(text, from);
    }
    const count = readLength(length.evaluate());
    const all = isPresent(text) && isPresent(from) && isPresent(count);
    return all ? substring(text, from, count) : absence(text, from, count);
  };
  return computed(TEXT, operands, evaluate);
}

/** The format is compiled again only where it is another one than before. */
function formatted({ operands, place }: Called): Term {
  const what = 'TO_STRING';
  const [operand, pattern] = operands as [Term, Term];
  requireKind(operand.kinds, 'timestamp', { what, place });
  requireKind(pattern.kinds, 'text', { what, place });
  const readTimestamp = timestampReader(operand.kinds, what);
  const readPattern = textReader(what);
  let last: { text: string; format: ReturnType<typeof compileFormat> } | null = null;
  const formatOf = (text: string): ReturnType<typeof compileFormat> => {
    if (last?.text !== text) last = { text, format: compileFormat(text) };
    return last.format;
  };
  if (pattern.constant) {
    const text = readPattern(pattern.evaluate());
    if (isPresent(text)) placed(place, () => formatOf(text));
  }
  const evaluate = (): Value => {
    const timestamp = readTimestamp(operand.evaluate());
    const text = readPattern(pattern.evaluate());
    return isPresent(timestamp) && isPresent(text) ? formatOf(text)(timestamp) : absence(timestamp, text);
  };
  return computed(TEXT, operands, evaluate);
}

/** Not CAST, and another failure: S3 Select tells them apart. */
function timestampIn(text: string): Timestamp {
  const timestamp = parseTimestamp(text);
  if (timestamp !== undefined) return timestamp;
  throw new SelectError('ValueParseFailure', `TO_TIMESTAMP finds no timestamp in ${shown(text)}`);
}

/** The same for all records of a run, but not known when a query is only checked; so it is no constant. */
function utcNow(nowMs: number): Term {
  const now = timestampOf(nowMs);
  return { ...computed(TIMESTAMP, [], () => now), constant: false };
}

export function trimmed(
  side: Extract<Expression, { kind: 'trim' }>['side'],
  { operand, characters, place }: { operand: Term; characters: Term | null; place: Place },
): Term {
  requireKind(operand.kinds, 'text', { what: 'TRIM', place });
  if (characters === null) {
    return ofText('TRIM', { operands: [operand], place }, { kinds: TEXT, compute: (text) => trim(text, { side }) });
  }
  requireKind(characters.kinds, 'text', { what: 'TRIM', place });
  const read = textReader('TRIM');
  const evaluate = (): Value => {
    const set = read(characters.evaluate());
    const text = read(operand.evaluate());
    return isPresent(text) && isPresent(set) ? trim(text, { side, characters: set }) : absence(text, set);
  };
  return computed(TEXT, [operand, characters], evaluate);
}
