import type { Expression } from './syntax.ts';

/** The expressions that one is made of, in the order of the text. */
export function parts(expression: Expression): Expression[] {
  switch (expression.kind) {
    case 'string':
    case 'number':
    case 'ion':
    case 'constant':
    case 'column':
      return [];
    case 'not':
    case 'sign':
    case 'is':
    case 'cast':
    case 'extract':
      return [expression.operand];
    case 'logic':
      return expression.operands;
    case 'chain':
      return [expression.first, ...expression.rest.map(({ operand }) => operand)];
    case 'comparison':
      return [expression.left, expression.right];
    case 'between':
      return [expression.operand, expression.low, expression.high];
    case 'in':
      return [expression.operand, ...expression.choices];
    case 'like':
      return present(expression.operand, expression.pattern, expression.escape);
    case 'call':
      return expression.arguments;
    case 'date-add':
      return [expression.quantity, expression.operand];
    case 'date-diff':
      return [expression.from, expression.to];
    case 'trim':
      return present(expression.characters, expression.operand);
    case 'case': {
      const branches = expression.branches.flatMap(({ when, then }) => [when, then]);
      return present(expression.subject, ...branches, expression.otherwise);
    }
    case 'aggregate':
      return present(expression.operand);
  }
}

const present = (...found: (Expression | null)[]): Expression[] => found.filter((part) => part !== null);

/** Where an expression stands. */
export interface Standing {
  /** Expressions around it, itself counted. */
  depth: number;
  /** It is within the argument of an aggregate. */
  inAggregate: boolean;
}

/** Visits an expression and all that it is made of, however deep, in the order of the text. */
export function walk(expression: Expression, visit: (expression: Expression, standing: Standing) => void): void {
  const open: { expression: Expression; standing: Standing }[] = [
    { expression, standing: { depth: 1, inAggregate: false } },
  ];
  for (let found = open.pop(); found !== undefined; found = open.pop()) {
    visit(found.expression, found.standing);
    const within = parts(found.expression);
    if (within.length === 0) continue;
    const standing = {
      depth: found.standing.depth + 1,
      inAggregate: found.standing.inAggregate || found.expression.kind === 'aggregate',
    };
    for (const part of within.toReversed()) open.push({ expression: part, standing });
  }
}
