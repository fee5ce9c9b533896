import { limits } from '../../model/limits.ts';
import { errorAt, type Place } from '../select-error.ts';
import type { Expression, Name, Statement } from './syntax.ts';
import { printable } from './token.ts';
import { tooDeep } from './token-reader.ts';
import { type Standing, walk } from './walk.ts';

/**
 * What the grammar alone does not see: how deep the tree is (comparisons of comparisons make it deep without nesting in the
 * text), what aggregates stand beside, and what columns are qualified with. `tableName` is what FROM calls the archive.
 */
export function checkStatement({ items, where }: Statement, tableName: string): void {
  let hasAggregate = false;
  let bareColumn: Place | undefined;
  for (const item of items) {
    if (item.kind === 'all') continue;
    walk(item.expression, (part, standing) => {
      checkPart(part, standing, tableName);
      if (part.kind === 'aggregate') hasAggregate = true;
      if (part.kind === 'column' && !standing.inAggregate) bareColumn ??= part.place;
    });
  }
  if (where !== null) {
    walk(where, (part, standing) => {
      checkPart(part, standing, tableName);
      if (part.kind !== 'aggregate') return;
      throw errorAt('UnsupportedSqlStructure', `${part.name} is not supported in WHERE`, part.place);
    });
  }
  // Where one value stands for all records, a column has no value.
  if (!hasAggregate || bareColumn === undefined) return;
  throw errorAt('UnsupportedSqlStructure', 'a column is not supported beside an aggregate', bareColumn);
}

function checkPart(part: Expression, { depth, inAggregate }: Standing, tableName: string): void {
  if (depth > limits.selectNestingMax) throw tooDeep(part.place);
  if (part.kind === 'column' && part.qualifier !== null) checkQualifier(part.qualifier, part.place, tableName);
  if (part.kind !== 'aggregate' || !inAggregate) return;
  throw errorAt('IllegalSqlFunctionArgument', `${part.name} is not supported within an aggregate`, part.place);
}

/** An alias takes the place of the archive's own word. */
export function checkQualifier(qualifier: Name, place: Place, tableName: string): void {
  const { text, quoted } = qualifier;
  if (quoted ? text === tableName : text.toUpperCase() === tableName.toUpperCase()) return;
  const message = `${printable(text)} is not what FROM calls the archive, which is ${printable(tableName)}`;
  throw errorAt('InvalidTableAlias', message, place);
}
