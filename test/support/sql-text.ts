import type { Expression, Item, Name, Statement } from '../../src/select/sql/syntax.ts';

/** A query as text again, with parentheses around all that has parts, so that it shows how the text was understood. */
export function statementText({ items, alias, where, limit }: Statement): string {
  return [
    `SELECT ${items.map(itemText).join(', ')} FROM archive`,
    ...(alias === null ? [] : [`AS ${nameText(alias)}`]),
    ...(where === null ? [] : [`WHERE ${expressionText(where)}`]),
    ...(limit === null ? [] : [`LIMIT ${limit}`]),
  ].join(' ');
}

function itemText(item: Item): string {
  if (item.kind === 'all') return '*';
  return expressionText(item.expression) + (item.alias === null ? '' : ` AS ${nameText(item.alias)}`);
}

const nameText = ({ text, quoted }: Name): string => (quoted ? `"${text.replaceAll('"', '""')}"` : text);

export function expressionText(expression: Expression): string {
  const text = expressionText;
  switch (expression.kind) {
    case 'string':
      return `'${expression.value.replaceAll("'", "''")}'`;
    case 'number':
      return expression.text;
    case 'ion':
      return `\`${expression.text}\``;
    case 'constant':
      return expression.value === undefined ? 'MISSING' : String(expression.value).toUpperCase();
    case 'column': {
      const { qualifier, name } = expression;
      return (qualifier === null ? '' : `${nameText(qualifier)}.`) + nameText(name);
    }
    case 'not':
      return `(NOT ${text(expression.operand)})`;
    case 'sign':
      return `(${expression.operator} ${text(expression.operand)})`;
    case 'logic':
      return `(${expression.operands.map(text).join(` ${expression.operator.toUpperCase()} `)})`;
    case 'chain':
      return `(${text(expression.first)}${expression.rest.map(({ operator, operand }) => ` ${operator} ${text(operand)}`).join('')})`;
    case 'comparison':
      return `(${text(expression.left)} ${expression.operator} ${text(expression.right)})`;
    case 'between':
    case 'in':
    case 'like':
    case 'is':
      return predicateText(expression);
    default:
      return callText(expression);
  }
}

type Of<Kind extends Expression['kind']> = Extract<Expression, { kind: Kind }>;

function predicateText(expression: Of<'between' | 'in' | 'like' | 'is'>): string {
  const text = expressionText;
  const not = expression.negated ? 'NOT ' : '';
  switch (expression.kind) {
    case 'between':
      return `(${text(expression.operand)} ${not}BETWEEN ${text(expression.low)} AND ${text(expression.high)})`;
    case 'in':
      return `(${text(expression.operand)} ${not}IN (${expression.choices.map(text).join(', ')}))`;
    case 'like': {
      const escaping = expression.escape === null ? '' : ` ESCAPE ${text(expression.escape)}`;
      return `(${text(expression.operand)} ${not}LIKE ${text(expression.pattern)}${escaping})`;
    }
    case 'is':
      return `(${text(expression.operand)} IS ${not}${expression.what.toUpperCase()})`;
  }
}

type Call = Of<'cast' | 'call' | 'date-add' | 'date-diff' | 'extract' | 'trim' | 'case' | 'aggregate'>;

function callText(expression: Call): string {
  const text = expressionText;
  switch (expression.kind) {
    case 'cast':
      return `CAST(${text(expression.operand)} AS ${expression.type})`;
    case 'call':
      return `${expression.name}(${expression.arguments.map(text).join(', ')})`;
    case 'date-add':
      return `DATE_ADD(${expression.part}, ${text(expression.quantity)}, ${text(expression.operand)})`;
    case 'date-diff':
      return `DATE_DIFF(${expression.part}, ${text(expression.from)}, ${text(expression.to)})`;
    case 'extract':
      return `EXTRACT(${expression.part} FROM ${text(expression.operand)})`;
    case 'trim': {
      const characters = expression.characters === null ? '' : `${text(expression.characters)} `;
      return `TRIM(${expression.side.toUpperCase()} ${characters}FROM ${text(expression.operand)})`;
    }
    case 'case': {
      const subject = expression.subject === null ? '' : ` ${text(expression.subject)}`;
      const branches = expression.branches.map(({ when, then }) => ` WHEN ${text(when)} THEN ${text(then)}`).join('');
      const otherwise = expression.otherwise === null ? '' : ` ELSE ${text(expression.otherwise)}`;
      return `CASE${subject}${branches}${otherwise} END`;
    }
    case 'aggregate':
      return `${expression.name}(${expression.operand === null ? '*' : text(expression.operand)})`;
  }
}

/** A tree without its places, for comparing. */
export function placeless<Tree>(tree: Tree): Tree {
  if (Array.isArray(tree)) return tree.map(placeless) as Tree;
  if (typeof tree !== 'object' || tree === null) return tree;
  const members = Object.entries(tree).filter(([name]) => name !== 'place');
  return Object.fromEntries(members.map(([name, value]) => [name, placeless(value)])) as Tree;
}
