import type { Expression } from '../sql/syntax.ts';
import { parseIon } from '../values/ion.ts';
import type { Value } from '../values/value.ts';
import { accumulatorOf, countOfRecords, kindsOfAggregate } from './aggregates.ts';
import { chain, signed } from './arithmetic.ts';
import { casting } from './casting.ts';
import { type Branch, searchedCase, simpleCase } from './choice.ts';
import { between, comparison } from './comparison.ts';
import { conditionOf, logic, negation, predicate } from './condition.ts';
import { dateAdded, dateDifference, extracted } from './dates.ts';
import { folded, placed } from './fold.ts';
import { call, trimmed } from './functions.ts';
import { likeness } from './likeness.ts';
import { numberLiteral } from './literal.ts';
import { membership } from './membership.ts';
import { isPresent } from './reading.ts';
import type { Row } from './row.ts';
import { type Scope, unreached } from './scope.ts';
import { computed, constantTerm, FIELD, NUMBER, type Term } from './term.ts';

type Of<Kind extends Expression['kind']> = Extract<Expression, { kind: Kind }>;

/**
 * An expression as closures over the row; what is constant in it is worked out. Throws SelectError, with the place. It calls
 * itself no deeper than the parser lets expressions stand within one another.
 */
export function compileExpression(expression: Expression, scope: Scope): Term {
  return folded(compile(expression, scope), { place: expression.place, reached: scope.reached });
}

function compile(expression: Expression, scope: Scope): Term {
  const { place } = expression;
  const term = (part: Expression): Term => compileExpression(part, scope);
  switch (expression.kind) {
    case 'string':
    case 'constant':
      return constantTerm(expression.value);
    case 'number':
      return numberLiteral(expression.text, place);
    case 'ion':
      return constantTerm(placed(place, () => parseIon(expression.text)));
    case 'column':
      return column(expression, scope);
    case 'sign':
      return sign(expression, scope);
    case 'chain':
      return chain(
        term(expression.first),
        expression.rest.map((link) => ({ ...link, operand: term(link.operand) })),
      );
    case 'not':
    case 'logic':
    case 'comparison':
    case 'between':
    case 'in':
    case 'like':
    case 'is':
      return test(expression, scope);
    case 'cast':
      return casting(term(expression.operand), { type: expression.type, row: scope.row });
    case 'call':
      return called(expression, scope);
    case 'date-add': {
      const { part, quantity, operand } = expression;
      return dateAdded(part, { quantity: term(quantity), operand: term(operand), place });
    }
    case 'date-diff':
      return dateDifference(expression.part, { from: term(expression.from), to: term(expression.to), place });
    case 'extract':
      return extracted(expression.part, term(expression.operand), place);
    case 'trim': {
      const characters = expression.characters === null ? null : term(expression.characters);
      return trimmed(expression.side, { operand: term(expression.operand), characters, place });
    }
    case 'case':
      return expression.subject === null
        ? conditional(expression, scope)
        : matching(expression, expression.subject, scope);
    case 'aggregate':
      return aggregate(expression, scope);
  }
}

function column(expression: Of<'column'>, { columns, row }: Scope): Term {
  const field = columns.find(expression);
  const evaluate = (): Value => row.text(field);
  return { ...computed(FIELD, [], evaluate), constant: false, origin: { field, castTo: null } };
}

/** The sign is part of a number: the lowest whole number has no opposite that could be read first. */
function sign({ operator, operand, place }: Of<'sign'>, scope: Scope): Term {
  if (operand.kind === 'number' && operator === '-') return numberLiteral(`-${operand.text}`, place);
  return signed(operator, compileExpression(operand, scope), place);
}

function test(expression: Of<'not' | 'logic' | 'comparison' | 'between' | 'in' | 'like' | 'is'>, scope: Scope): Term {
  const { place } = expression;
  const { row } = scope;
  const term = (part: Expression): Term => compileExpression(part, scope);
  switch (expression.kind) {
    case 'not':
      return negation(term(expression.operand), place);
    case 'logic':
      return connected(expression, scope);
    case 'comparison':
      return comparison(expression.operator, { left: term(expression.left), right: term(expression.right), row });
    case 'between': {
      const limits = { low: term(expression.low), high: term(expression.high) };
      return negatedIf(expression, between({ operand: term(expression.operand), ...limits, row }));
    }
    case 'in': {
      const choices = expression.choices.map(term);
      return negatedIf(expression, membership({ operand: term(expression.operand), choices, row }));
    }
    case 'like': {
      const escaping = expression.escape === null ? null : term(expression.escape);
      const pattern = term(expression.pattern);
      return negatedIf(expression, likeness({ operand: term(expression.operand), pattern, escaping, row, place }));
    }
    case 'is':
      return negatedIf(expression, state(term(expression.operand), expression, row));
  }
}

const negatedIf = ({ negated, place }: { negated: boolean; place: Expression['place'] }, term: Term): Term =>
  negated ? negation(term, place) : term;

/** What comes after a constant that decides is not reached. */
function connected({ operator, operands }: Of<'logic'>, scope: Scope): Term {
  let here = scope;
  const terms = operands.map((operand) => {
    const term = compileExpression(operand, here);
    if (term.constant && term.evaluate() === (operator === 'or')) here = unreached(here);
    return { term, place: operand.place };
  });
  return logic(operator, terms);
}

/** It is never unknown, whatever the operand is. */
function state(operand: Term, { what, place }: Pick<Of<'is'>, 'what' | 'place'>, row: Row): Term {
  if (what === 'null' || what === 'missing') return absent(operand, what, row);
  const { holds, fails } = conditionOf(operand, { what: 'IS', place });
  const isSo = what === 'true' ? holds : fails;
  return predicate([operand], isSo, { holds: isSo, fails: () => !isSo() });
}

/** MISSING is null too. */
function absent(operand: Term, what: 'null' | 'missing', row: Row): Term {
  const { evaluate, origin } = operand;
  const isAbsent = what === 'missing' ? (): boolean => evaluate() === undefined : (): boolean => !isPresent(evaluate());
  if (origin === null || origin.castTo !== null) return predicate([operand], isAbsent, null);
  const { field } = origin;
  return predicate([operand], isAbsent, {
    holds: () => field >= row.fieldCount,
    fails: () => field < row.fieldCount,
  });
}

/** What comes after a constant argument that is there is not reached by COALESCE. */
function called({ name, arguments: parts, place }: Of<'call'>, scope: Scope): Term {
  let here = scope;
  const operands = parts.map((part) => {
    const term = compileExpression(part, here);
    if (name === 'COALESCE' && term.constant && isPresent(term.evaluate())) here = unreached(here);
    return term;
  });
  return call(name, { operands, place, nowMs: scope.nowMs });
}

/** What follows a condition that is never TRUE is not reached, and neither is what comes after one that always is. */
function conditional({ branches, otherwise }: Of<'case'>, scope: Scope): Term {
  let here = scope;
  const compiled = branches.map(({ when, then }) => {
    const term = compileExpression(when, here);
    const condition = conditionOf(term, { what: 'CASE', place: when.place });
    const holds = term.constant ? condition.holds() : null;
    const branch = { when: term, condition, result: compileExpression(then, holds === false ? unreached(here) : here) };
    if (holds) here = unreached(here);
    return branch;
  });
  return searchedCase(compiled, otherwiseOf(otherwise, here));
}

function matching({ branches, otherwise }: Of<'case'>, subject: Expression, scope: Scope): Term {
  const term = (part: Expression): Term => compileExpression(part, scope);
  const compiled: Branch[] = branches.map(({ when, then }) => ({ when: term(when), result: term(then) }));
  return simpleCase(term(subject), compiled, otherwiseOf(otherwise, scope));
}

const otherwiseOf = (otherwise: Expression | null, scope: Scope): Term =>
  otherwise === null ? constantTerm(null) : compileExpression(otherwise, scope);

/** Its value is that of all records, once they are taken in. */
function aggregate({ name, operand, place }: Of<'aggregate'>, scope: Scope): Term {
  const taken = operand === null ? null : compileExpression(operand, scope);
  const accumulator =
    taken === null ? countOfRecords() : accumulatorOf(name, { operand: taken, row: scope.row, place });
  scope.accumulators.push(accumulator);
  const kinds = taken === null ? NUMBER : kindsOfAggregate(name, taken.kinds);
  return { ...computed(kinds, [], accumulator.value), constant: false };
}
