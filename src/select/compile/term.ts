import { Decimal } from '../values/decimal.ts';
import type { Value } from '../values/value.ts';

/**
 * What a value can turn out to be, beside null and MISSING. A `field` is text of a record that nothing was done to: CSV has no
 * types, so it stands for a number, a truth or a time as soon as it meets one. A `text` was made text by the query
 * (a literal, a function, a CAST) and is nothing else.
 */
export type Kind = 'field' | 'text' | 'number' | 'bool' | 'timestamp';
export type Kinds = ReadonlySet<Kind>;

export const FIELD: Kinds = new Set(['field']);
export const TEXT: Kinds = new Set(['text']);
export const NUMBER: Kinds = new Set(['number']);
export const BOOL: Kinds = new Set(['bool']);
export const TIMESTAMP: Kinds = new Set(['timestamp']);
/** Of what is always null or MISSING. */
export const NOTHING: Kinds = new Set();

/** A part of a query, compiled: it speaks of whatever record the row stands for. */
export interface Term {
  kinds: Kinds;
  /** Throws SelectError. */
  evaluate: () => Value;
  /** Whether its value is the same for every record. */
  constant: boolean;
  /** A quicker way to use it as a condition, where there is one. */
  condition: Condition | null;
  /** The field whose bytes tell its value, where it is a field or the CAST of one. */
  origin: { field: number; castTo: 'int' | 'decimal' | 'float' | null } | null;
}

/** A truth of three values, asked in two ways: neither holds when it is unknown. Both throw SelectError. */
export interface Condition {
  /** Whether it is TRUE. */
  holds: () => boolean;
  /** Whether it is FALSE. */
  fails: () => boolean;
}

export const union = (all: readonly Kinds[]): Kinds => new Set(all.flatMap((kinds) => [...kinds]));

/** Whether nothing but the given kinds can come of it. */
export const isWithin = (kinds: Kinds, allowed: readonly Kind[]): boolean =>
  [...kinds].every((kind) => allowed.includes(kind));

export const isTextual = (kinds: Kinds): boolean => isWithin(kinds, ['field', 'text']);

/** A term that works its value out each time; it is constant if its operands are. */
export const computed = (kinds: Kinds, operands: readonly Term[], evaluate: () => Value): Term => ({
  kinds,
  evaluate,
  constant: operands.every(({ constant }) => constant),
  condition: null,
  origin: null,
});

export const constantTerm = (value: Value): Term => computed(kindsOf(value), [], () => value);

function kindsOf(value: Value): Kinds {
  if (value === undefined || value === null) return NOTHING;
  switch (typeof value) {
    case 'string':
      return TEXT;
    case 'boolean':
      return BOOL;
    case 'bigint':
    case 'number':
      return NUMBER;
    default:
      return value instanceof Decimal ? NUMBER : TIMESTAMP;
  }
}
