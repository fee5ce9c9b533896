import type { Place } from '../select-error.ts';
import type { Value } from '../values/value.ts';
import { requireKind, truthReader } from './reading.ts';
import { BOOL, type Condition, computed, isWithin, type Term } from './term.ts';

/** Logic with a third value. Null and MISSING are unknown, and so is what depends on them alone. */

/** Where a term is a condition: TRUE, FALSE, or unknown. Throws SelectError where it can only be something else. */
export function conditionOf(term: Term, { what, place }: { what: string; place: Place }): Condition {
  if (term.condition !== null) return term.condition;
  const { kinds, evaluate } = term;
  requireKind(kinds, 'bool', { what, place });
  if (isWithin(kinds, ['bool'])) return { holds: () => evaluate() === true, fails: () => evaluate() === false };
  const read = truthReader(kinds, what);
  return { holds: () => read(evaluate()) === true, fails: () => read(evaluate()) === false };
}

/** A test of operands, with its quicker form if it has one. */
export const predicate = (operands: readonly Term[], evaluate: () => Value, condition: Condition | null): Term => ({
  ...computed(BOOL, operands, evaluate),
  condition,
});

export const turned = ({ holds, fails }: Condition): Condition => ({ holds: fails, fails: holds });

export function negation(operand: Term, place: Place): Term {
  const condition = conditionOf(operand, { what: 'NOT', place });
  const read = truthReader(operand.kinds, 'NOT');
  const evaluate = (): Value => {
    const value = read(operand.evaluate());
    return typeof value === 'boolean' ? !value : value;
  };
  return predicate([operand], evaluate, turned(condition));
}

/** AND or OR of any number of terms, from left to right; what comes after the one that decides is not looked at. */
export function logic(operator: 'and' | 'or', operands: readonly { term: Term; place: Place }[]): Term {
  const what = operator.toUpperCase();
  const conditions = operands.map(({ term, place }) => conditionOf(term, { what, place }));
  const terms = operands.map(({ term }) => term);
  const readers = terms.map(({ kinds, evaluate }) => {
    const read = truthReader(kinds, what);
    return isWithin(kinds, ['bool']) ? evaluate : (): Value => read(evaluate());
  });
  const decides = operator === 'or';
  const evaluate = (): Value => {
    let unknown = false;
    for (const read of readers) {
      const value = read();
      if (value === decides) return decides;
      if (typeof value !== 'boolean') unknown = true;
    }
    return unknown ? null : !decides;
  };
  const holds = conditions.map((condition) => condition.holds);
  const fails = conditions.map((condition) => condition.fails);
  const condition = decides ? { holds: some(holds), fails: every(fails) } : { holds: every(holds), fails: some(fails) };
  return predicate(terms, evaluate, condition);
}

/** Two and three tests, which most conditions are, need no loop. */
function every(tests: readonly (() => boolean)[]): () => boolean {
  const [a, b, c, ...others] = tests;
  if (a !== undefined && b !== undefined && others.length === 0) {
    return c === undefined ? () => a() && b() : () => a() && b() && c();
  }
  return () => {
    for (const test of tests) if (!test()) return false;
    return true;
  };
}

function some(tests: readonly (() => boolean)[]): () => boolean {
  const [a, b, c, ...others] = tests;
  if (a !== undefined && b !== undefined && others.length === 0) {
    return c === undefined ? () => a() || b() : () => a() || b() || c();
  }
  return () => {
    for (const test of tests) if (test()) return true;
    return false;
  };
}
