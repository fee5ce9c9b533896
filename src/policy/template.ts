import { limits } from '../model/limits.ts';
import { UNKNOWN } from './context.ts';
import { PolicyFault, shown } from './fault.ts';
import { foldCase } from './fold.ts';
import { ANY, compileGlob, type Piece, piecesOf } from './glob.ts';
import { findKey } from './keys.ts';
import { readAs, type Subject, subjectOf } from './subject.ts';
import { MAYBE, NO, type Truth, truth, YES } from './truth.ts';
import { type Values, WORDS_MAX } from './values.ts';

/**
 * Text with policy variables: `${aws:username}`, `${aws:username, 'nobody'}`, and `${*}`, `${?}`, `${$}` for the characters
 * themselves. They exist since language version 2012-10-17; under an older version Amazon takes them for plain text, which
 * no author means, so they are refused there.
 *
 * A value that is put in for a variable is plain text: its `*` is no wildcard. A variable without a value leaves the text
 * undecided: the test says NO when no value at all could make it match, and MAYBE otherwise.
 */
export interface Variable {
  /** Lower case. */
  lookup: string;
  fallback?: string;
}

export type Part = Piece | Variable;

/** A test of one text against a template. */
export type TextTest = (subject: Subject, values: Values) => Truth;

/** How the author's text is to be read. */
export interface Reading {
  place: string;
  /** `*` and `?` are wildcards. */
  wild: boolean;
  /** The document's language version knows variables. */
  variables: boolean;
}

const OPENING = '${';
const THEMSELVES = ['*', '?', '$'];

const isVariable = (part: Part): part is Variable => typeof part === 'object';

/** The variables' keys. */
export const lookupsIn = (parts: readonly Part[]): string[] => parts.filter(isVariable).map(({ lookup }) => lookup);

/** Reads a text. PolicyFault for a variable that is not closed, not known, or not allowed here. */
export function readTemplate(text: string, reading: Reading): Part[] {
  const parts: Part[] = [];
  let rest = text;
  for (;;) {
    const start = rest.indexOf(OPENING);
    const plain = start < 0 ? rest : rest.slice(0, start);
    if (plain !== '') parts.push(...(reading.wild ? piecesOf(plain) : [plain]));
    if (start < 0) return parts;
    if (!reading.variables) {
      throw new PolicyFault(reading.place, `the variable in ${shown(text)} needs the Version "2012-10-17".`);
    }
    const end = closingBrace(rest, start + OPENING.length);
    if (end < 0) throw new PolicyFault(reading.place, `the variable in ${shown(text)} is not closed by a brace.`);
    parts.push(readVariable(rest.slice(start + OPENING.length, end), reading.place));
    rest = rest.slice(end + 1);
  }
}

/** A default in single quotes may hold a brace. */
function closingBrace(text: string, from: number): number {
  let quoted = false;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "'") quoted = !quoted;
    else if (text[at] === '}' && !quoted) return at;
  }
  return -1;
}

function readVariable(inner: string, place: string): Part {
  if (THEMSELVES.includes(inner)) return inner;
  const comma = inner.indexOf(',');
  const name = (comma < 0 ? inner : inner.slice(0, comma)).trim();
  const { key, lookup } = findKey(name, place);
  if (key.many === true) throw new PolicyFault(place, `${key.name} can hold several values, so it is no variable.`);
  if (comma < 0) return { lookup };
  const quoted = inner.slice(comma + 1).trim();
  if (quoted.length < 2 || !quoted.startsWith("'") || !quoted.endsWith("'")) {
    throw new PolicyFault(place, `the default of the variable ${shown(name)} must be in single quotes.`);
  }
  return { lookup, fallback: quoted.slice(1, -1).replaceAll("''", "'") };
}

/**
 * The template with values for its variables; `whole` is false when one has none, or none that can still be paid for,
 * and ANY stands in its place.
 */
export function filledIn(parts: readonly Part[], values: Values): { pieces: Piece[]; whole: boolean } {
  let whole = true;
  const pieces = parts.map((part): Piece => {
    if (!isVariable(part)) return part;
    const value = currentValue(part, values);
    if (value !== undefined && values.pay({ patternLength: value.length, words: WORDS_MAX })) return value;
    whole = false;
    return ANY;
  });
  return { pieces, whole };
}

function currentValue({ lookup, fallback }: Variable, values: Values): string | undefined {
  const value = values.get(lookup);
  if (value === UNKNOWN) return undefined;
  if (value === undefined || (typeof value !== 'string' && value.length === 0)) return fallback;
  const [one, ...more] = typeof value === 'string' ? [value] : value;
  return more.length > 0 || (one?.length ?? 0) > limits.policyValueLengthMax ? undefined : one;
}

/** Makes the test of a text against the whole template; `fold` makes it ignore case. */
export function textTest(parts: readonly Part[], { fold = false }: { fold?: boolean } = {}): TextTest {
  const folded = (pieces: readonly Piece[]): readonly Piece[] =>
    fold ? pieces.map((piece) => (typeof piece === 'string' ? foldCase(piece) : piece)) : pieces;
  const seen = (subject: Subject): Subject => (fold ? readAs(subject, foldedSubject) : subject);
  if (!parts.some(isVariable)) {
    const matches = compileGlob(folded(parts as readonly Piece[]));
    return (subject) => truth(matches(seen(subject)));
  }
  return (subject, values) => {
    const { pieces, whole } = filledIn(parts, values);
    if (!compileGlob(folded(pieces))(seen(subject))) return NO;
    return whole ? YES : MAYBE;
  };
}

const foldedSubject = (text: string): Subject => subjectOf(foldCase(text));

/** The template as its author wrote it, for ARNs; undefined when it holds a variable. */
export function plainPieces(parts: readonly Part[]): readonly Piece[] | undefined {
  return parts.some(isVariable) ? undefined : (parts as readonly Piece[]);
}
