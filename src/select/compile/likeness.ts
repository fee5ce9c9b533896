import { type Place, SelectError } from '../select-error.ts';
import { compileLike, type LikePattern } from '../values/like.ts';
import type { Value } from '../values/value.ts';
import { predicate } from './condition.ts';
import { placed } from './fold.ts';
import { absence, isPresent } from './reading.ts';
import type { Row } from './row.ts';
import type { Condition, Term } from './term.ts';

/**
 * `LIKE`, whose pattern is a constant in most queries: it is compiled once then, and held against a field's bytes where it is a
 * text with `%` at its ends only. Throws SelectError for a pattern that is none, and LikeInvalidInputs for what is no text.
 */
export function likeness({
  operand,
  pattern,
  escaping,
  row,
  place,
}: {
  operand: Term;
  pattern: Term;
  escaping: Term | null;
  row: Row;
  place: Place;
}): Term {
  const operands = escaping === null ? [operand, pattern] : [operand, pattern, escaping];
  placed(place, () => operands.forEach(requireText));
  const patternOf = compiledPattern(pattern, escaping);
  const evaluate = (): Value => {
    const text = textOf(operand.evaluate());
    const compiled = patternOf();
    if (text === undefined || compiled === undefined) return undefined;
    return text === null || compiled === null ? null : compiled.matches(text);
  };
  const constant = pattern.constant && (escaping?.constant ?? true) ? placed(place, patternOf) : null;
  return predicate(operands, evaluate, constant ? fieldLikeness({ operand, pattern: constant, row }) : null);
}

/** Null or undefined where the pattern or the escape is. */
function compiledPattern(pattern: Term, escaping: Term | null): () => LikePattern | null | undefined {
  let last: { text: string; mark: string; compiled: LikePattern } | null = null;
  return () => {
    const text = textOf(pattern.evaluate());
    const mark = escaping === null ? '' : textOf(escaping.evaluate());
    if (!isPresent(text) || !isPresent(mark)) return absence(text, mark);
    if (last?.text !== text || last.mark !== mark) {
      last = { text, mark, compiled: compileLike(text, escaping === null ? null : mark) };
    }
    return last.compiled;
  };
}

function requireText({ kinds }: Term): void {
  if (kinds.size > 0 && !kinds.has('text') && !kinds.has('field')) throw noText();
}

function textOf(value: Value): string | null | undefined {
  if (!isPresent(value) || typeof value === 'string') return value;
  throw noText();
}

const noText = (): SelectError => new SelectError('LikeInvalidInputs', 'LIKE is for texts');

/** Null where the bytes do not tell. */
function fieldLikeness({ operand, pattern, row }: { operand: Term; pattern: LikePattern; row: Row }): Condition | null {
  const { origin } = operand;
  if (origin === null || origin.castTo !== null || pattern.shape.kind === 'general') return null;
  const { field } = origin;
  const bytes = Buffer.from(pattern.shape.text);
  const holds = {
    exact: () => row.equals(field, bytes),
    prefix: () => row.startsWith(field, bytes),
    suffix: () => row.endsWith(field, bytes),
    infix: () => row.includes(field, bytes),
  }[pattern.shape.kind];
  return { holds, fails: () => field < row.fieldCount && !holds() };
}
