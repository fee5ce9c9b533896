import { errorAt, type Place, SelectError } from '../select-error.ts';
import { cast } from '../values/cast.ts';
import { isNumeric, type Numeric, parseNumeric } from '../values/numbers.ts';
import { shown } from '../values/shown.ts';
import { Timestamp } from '../values/timestamp.ts';
import type { Value } from '../values/value.ts';
import { placed } from './fold.ts';
import type { Kinds, Term } from './term.ts';

/**
 * The text of a field where something else than a text is needed. One rule for all: it is read as what is needed, and
 * where it does not say such a thing (an empty field says nothing), the query fails as a CAST would.
 */

/** Throws CastFailed. */
export function numberOf(text: string): Numeric {
  const number = parseNumeric(text);
  if (number !== undefined) return number;
  throw new SelectError('CastFailed', `A field is needed as a number, and ${shown(text)} is none`);
}

const truthOf = (text: string): boolean => cast(text, 'bool') as boolean;
const timestampOf = (text: string): Timestamp => cast(text, 'timestamp') as Timestamp;

/** A value that there is: neither null nor MISSING. */
export type Present = Exclude<Value, null | undefined>;

export const isPresent = <Known extends Value>(value: Known): value is Exclude<Known, null | undefined> =>
  value !== undefined && value !== null;

/** What comes of operands of which one is not there: MISSING if one of them is, else null. */
export const absence = (...operands: readonly Value[]): null | undefined =>
  operands.includes(undefined) ? undefined : null;

/** What meets a value that is not a text, read as what that is. */
export function readLike(text: string, other: Present): Present {
  if (typeof other === 'boolean') return truthOf(text);
  return other instanceof Timestamp ? timestampOf(text) : numberOf(text);
}

/** What an operand can be asked for; a field can be read as any of them. */
type Needed = keyof typeof NEEDS;
const NEEDS = {
  number: 'a number',
  bool: 'TRUE or FALSE',
  timestamp: 'a timestamp',
  text: 'a text',
} as const;

export const wrongKind = (what: string, needed: Needed): SelectError =>
  new SelectError('IncorrectSqlFunctionArgumentType', `${what} needs ${NEEDS[needed]}`);

/** Refuses an operand that is never what is needed; one that is always null or MISSING passes. */
export function requireKind(kinds: Kinds, needed: Needed, { what, place }: { what: string; place: Place }): void {
  if (kinds.size === 0 || kinds.has(needed) || kinds.has('field')) return;
  const { code, message } = wrongKind(what, needed);
  throw errorAt(code, message, place);
}

/**
 * Readers of operands: what an operand turned out to be, as what is needed, null and MISSING as they are. `what` names
 * who needs it, for the message. They throw IncorrectSqlFunctionArgumentType, and CastFailed for a field.
 */
export type Reader<Needed> = (value: Value) => Needed | null | undefined;

export function numberReader(kinds: Kinds, what: string): Reader<Numeric> {
  const mayBeField = kinds.has('field');
  return (value) => {
    if (!isPresent(value) || isNumeric(value)) return value;
    if (mayBeField && typeof value === 'string') return numberOf(value);
    throw wrongKind(what, 'number');
  };
}

/** For whole numbers of 64 bits. */
export function integerReader(kinds: Kinds, what: string): Reader<bigint> {
  const read = numberReader(kinds, what);
  return (value) => {
    const number = read(value);
    if (!isPresent(number) || typeof number === 'bigint') return number;
    throw new SelectError('IncorrectSqlFunctionArgumentType', `${what} needs a whole number`);
  };
}

/** Refuses what is never a number, and a constant that is not a whole one. */
export function requireInteger(
  { kinds, constant, evaluate }: Term,
  { what, place }: { what: string; place: Place },
): void {
  requireKind(kinds, 'number', { what, place });
  if (constant) placed(place, () => integerReader(kinds, what)(evaluate()));
}

export function truthReader(kinds: Kinds, what: string): Reader<boolean> {
  const mayBeField = kinds.has('field');
  return (value) => {
    if (!isPresent(value) || typeof value === 'boolean') return value;
    if (mayBeField && typeof value === 'string') return truthOf(value);
    throw wrongKind(what, 'bool');
  };
}

export function timestampReader(kinds: Kinds, what: string): Reader<Timestamp> {
  const mayBeField = kinds.has('field');
  return (value) => {
    if (!isPresent(value) || value instanceof Timestamp) return value;
    if (mayBeField && typeof value === 'string') return timestampOf(value);
    throw wrongKind(what, 'timestamp');
  };
}

export function textReader(what: string): Reader<string> {
  return (value) => {
    if (!isPresent(value) || typeof value === 'string') return value;
    throw wrongKind(what, 'text');
  };
}
