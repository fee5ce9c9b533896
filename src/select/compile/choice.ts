import type { Value } from '../values/value.ts';
import { equalityOf } from './pair.ts';
import { type Condition, computed, type Kinds, type Term, union } from './term.ts';

/** `CASE`: the first branch that applies; without one, what is after ELSE. */

export interface Branch {
  when: Term;
  result: Term;
}

/** Each `when` is a condition, and given as one too. */
export function searchedCase(branches: readonly (Branch & { condition: Condition })[], otherwise: Term): Term {
  const evaluate = (): Value => {
    for (const { condition, result } of branches) if (condition.holds()) return result.evaluate();
    return otherwise.evaluate();
  };
  const operands = branches.flatMap(({ when, result }) => [when, result]);
  return computed(kindsOf(branches, otherwise), [...operands, otherwise], evaluate);
}

/** Each `when` is compared with the subject, which is worked out once. */
export function simpleCase(subject: Term, branches: readonly Branch[], otherwise: Term): Term {
  const tests = branches.map((branch) => ({ ...branch, equals: equalityOf(subject.kinds, branch.when.kinds) }));
  const evaluate = (): Value => {
    const value = subject.evaluate();
    for (const { equals, when, result } of tests) if (equals(value, when.evaluate()) === true) return result.evaluate();
    return otherwise.evaluate();
  };
  const operands = branches.flatMap(({ when, result }) => [when, result]);
  return computed(kindsOf(branches, otherwise), [subject, ...operands, otherwise], evaluate);
}

const kindsOf = (branches: readonly Branch[], otherwise: Term): Kinds =>
  union([...branches.map(({ result }) => result.kinds), otherwise.kinds]);
