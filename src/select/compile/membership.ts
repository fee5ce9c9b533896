import { Decimal } from '../values/decimal.ts';
import { decimalOf, isNumeric, type Numeric } from '../values/numbers.ts';
import type { Value } from '../values/value.ts';
import { predicate } from './condition.ts';
import { equalityOf } from './pair.ts';
import { numberReader } from './reading.ts';
import type { Row } from './row.ts';
import { scaledWith } from './scaled.ts';
import { type Condition, isTextual, isWithin, type Kinds, type Term } from './term.ts';

/**
 * `IN`: TRUE if one of the choices is equal, from left to right; else unknown if one of the answers is; else FALSE. Choices
 * that are constants of one kind become a set.
 */

/** So many are compared with a field's bytes one after the other; with more, the field's text is looked up. */
const COMPARED_MAX = 4;

interface Membership {
  operand: Term;
  choices: readonly Term[];
  row: Row;
}

/** Whether a value, neither null nor MISSING, is among the choices. */
type Lookup = (value: Value) => Value;

export function membership({ operand, choices, row }: Membership): Term {
  const isIn = constantLookup(operand.kinds, choices) ?? linearLookup(operand.kinds, choices);
  const evaluate = (): Value => {
    const value = operand.evaluate();
    return value === undefined || value === null ? value : isIn(value);
  };
  return predicate([operand, ...choices], evaluate, fieldMembership({ operand, choices, row, exact: evaluate }));
}

function linearLookup(operand: Kinds, choices: readonly Term[]): Lookup {
  const tests = choices.map(({ kinds, evaluate }) => ({ equals: equalityOf(operand, kinds), evaluate }));
  return (value) => {
    let unknown = false;
    for (const { equals, evaluate } of tests) {
      const equal = equals(value, evaluate());
      if (equal === true) return true;
      if (equal !== false) unknown = true;
    }
    return unknown ? null : false;
  };
}

function constantLookup(operand: Kinds, choices: readonly Term[]): Lookup | null {
  if (!choices.every(({ constant }) => constant)) return null;
  const values = choices.map(({ evaluate }) => evaluate());
  const present = values.filter((value) => value !== undefined && value !== null);
  const otherwise = present.length < values.length ? null : false;
  if (present.every((value) => typeof value === 'string') && isTextual(operand)) {
    const texts = new Set<Value>(present);
    return (value) => texts.has(value) || otherwise;
  }
  if (!present.every((value) => typeof value === 'bigint' || value instanceof Decimal)) return null;
  if (!isWithin(operand, ['field', 'number'])) return null;
  const keys = new Set(present.map(keyOf));
  const read = numberReader(operand, 'IN');
  let linear: Lookup | null = null;
  return (value) => {
    const number = read(value);
    if (number === undefined || number === null) return number;
    // A float is equal to decimals that are written differently.
    if (typeof number !== 'number') return keys.has(keyOf(number)) || otherwise;
    linear ??= linearLookup(operand, choices);
    return linear(number);
  };
}

/** The same for numbers of the same value: 100, 100.0 and 1e2. Never longer than the digits that a number has. */
function keyOf(value: Exclude<Numeric, number>): string {
  let { coefficient, scale } = decimalOf(value);
  if (coefficient === 0n) return '0';
  while (coefficient % 10n === 0n) {
    coefficient /= 10n;
    scale -= 1;
  }
  return `${coefficient}e${-scale}`;
}

/** On the record's bytes; null where these do not tell. */
function fieldMembership({ operand, choices, row, exact }: Membership & { exact: () => Value }): Condition | null {
  if (operand.origin === null || !choices.every(({ constant }) => constant)) return null;
  const values = choices.map(({ evaluate }) => evaluate());
  if (values.every((value) => typeof value === 'string')) {
    if (operand.origin.castTo !== null || values.length > COMPARED_MAX) return null;
    return textsCondition(row, operand.origin.field, values);
  }
  if (!values.every(isNumeric)) return null;
  const scaled = scaledWith(operand, values);
  if (scaled === null) return null;
  const { field, decimals } = scaled;
  const numbers = new Set(scaled.constants);
  return {
    holds: () => {
      const number = row.scaled(field, decimals);
      return numbers.has(number) || (Number.isNaN(number) && exact() === true);
    },
    fails: () => {
      const number = row.scaled(field, decimals);
      return Number.isNaN(number) ? exact() === false : !numbers.has(number);
    },
  };
}

function textsCondition(row: Row, field: number, texts: readonly string[]): Condition {
  const choices = texts.map((text) => Buffer.from(text));
  const holds = (): boolean => {
    for (const bytes of choices) if (row.equals(field, bytes)) return true;
    return false;
  };
  return { holds, fails: () => field < row.fieldCount && !holds() };
}
