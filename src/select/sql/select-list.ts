import { errorAt, type Place } from '../select-error.ts';
import { expressionOf } from './operators.ts';
import { RESERVED_WORDS } from './reserved-words.ts';
import type { Item, Name } from './syntax.ts';
import type { TokenReader } from './token-reader.ts';
import { tokenAfter } from './tokens.ts';

export interface Query {
  reader: TokenReader;
  /** Only what the SQL reference of Glacier Select has. */
  strict: boolean;
}

interface SelectList {
  items: Item[];
  /** What stands before the dot of `s.*`. */
  starQualifier: { name: Name; place: Place } | null;
}

/** What stands between SELECT and FROM. */
export function selectList(query: Query): SelectList {
  const { reader } = query;
  const items: Item[] = [];
  let starQualifier: SelectList['starQualifier'] = null;
  let star: Place | undefined;
  do {
    const { place } = reader;
    if (standsForAll(reader)) {
      star ??= place;
      const name = reader.takeName();
      if (name !== null) {
        starQualifier ??= { name, place };
        reader.expectSymbol('.');
      }
      reader.expectSymbol('*');
      items.push({ kind: 'all', place });
    } else items.push(item(query));
    if (star !== undefined && items.length > 1) {
      throw errorAt('ParseAsteriskIsNotAloneInSelectList', '* stands for all columns and must be alone', star);
    }
  } while (reader.takeSymbol(','));
  return { items, starQualifier };
}

/** `*` or `s.*`. */
function standsForAll(reader: TokenReader): boolean {
  if (reader.isSymbol('*')) return true;
  const { kind, value } = reader.token;
  if (kind !== 'quoted' && (kind !== 'word' || RESERVED_WORDS.has(value))) return false;
  const dot = reader.following;
  if (dot.kind !== 'symbol' || dot.value !== '.') return false;
  const star = tokenAfter(reader.text, dot);
  return star.kind === 'symbol' && star.value === '*';
}

function item({ reader, strict }: Query): Item {
  const expression = expressionOf(reader, strict);
  return { kind: 'expression', expression, alias: aliasHere(reader) };
}

/** `AS name`, or a name alone. */
export function aliasHere(reader: TokenReader): Name | null {
  const announced = reader.takeWord('AS');
  const alias = reader.takeName();
  if (announced && alias === null) {
    throw reader.expected('a name after AS that is no keyword or is in double quotes', 'ParseExpectedIdentForAlias');
  }
  return alias;
}
