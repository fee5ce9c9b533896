import { errorAt, type Place, type SelectError } from '../select-error.ts';
import { checkQualifier, checkStatement } from './checks.ts';
import { expressionOf } from './operators.ts';
import { beyondGlacier } from './parsing.ts';
import { RESERVED_WORDS } from './reserved-words.ts';
import type { Item, Name, Statement } from './syntax.ts';
import type { TokenReader } from './token-reader.ts';
import { tokenAfter } from './tokens.ts';

const LIMIT_MAX = 2n ** 63n - 1n;
/** What the archive is called in FROM. */
const TABLES = ['ARCHIVE', 'OBJECT'];
const TABLE_OF_S3 = 'S3OBJECT';

/** What other dialects have after FROM. */
const STRUCTURE_WORDS = new Set(
  `GROUP ORDER HAVING UNION INTERSECT EXCEPT JOIN INNER LEFT RIGHT FULL CROSS OUTER NATURAL OFFSET FETCH ON AT PIVOT
   UNPIVOT`.split(/\s+/),
);

interface Query {
  reader: TokenReader;
  strict: boolean;
}

/** `SELECT ... FROM ... [WHERE ...] [LIMIT n]`, the whole text; throws SelectError. */
export function statementOf(query: Query): Statement {
  const { reader, strict } = query;
  beginning(reader);
  const { items, starQualifier } = selectList(query);
  const { table, alias } = from(query);
  const where = reader.takeWord('WHERE') ? expressionOf(reader, strict) : null;
  const limit = reader.isWord('LIMIT') ? limitOf(query) : null;
  ending(query);
  const statement = { items, alias, where, limit };
  const tableName = alias?.text ?? table;
  if (starQualifier !== null) checkQualifier(starQualifier.name, starQualifier.place, tableName);
  checkStatement(statement, tableName);
  return statement;
}

function beginning(reader: TokenReader): void {
  const { kind, place } = reader.token;
  if (kind === 'end') throw errorAt('ParseEmptySelect', 'the expression is empty', place);
  if (reader.isWord('WITH')) throw unsupported(reader);
  if (!reader.isWord('SELECT')) {
    throw reader.expected('SELECT', kind === 'word' ? 'UnsupportedSqlOperation' : 'ParseUnexpectedToken');
  }
  reader.next();
  if (reader.isWord('DISTINCT', 'ALL')) throw unsupported(reader);
  if (reader.isWord('FROM') || reader.token.kind === 'end') {
    throw errorAt('ParseEmptySelect', 'nothing is selected', reader.place);
  }
}

interface SelectList {
  items: Item[];
  /** What stands before the dot of `s.*`. */
  starQualifier: { name: Name; place: Place } | null;
}

function selectList(query: Query): SelectList {
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
function aliasHere(reader: TokenReader): Name | null {
  const announced = reader.takeWord('AS');
  const alias = reader.takeName();
  if (announced && alias === null) {
    throw reader.expected('a name after AS that is no keyword or is in double quotes', 'ParseExpectedIdentForAlias');
  }
  return alias;
}

function from(query: Query): { table: string; alias: Name | null } {
  const { reader } = query;
  if (!reader.takeWord('FROM')) {
    throw reader.expected('FROM', reader.token.kind === 'end' ? 'ParseSelectMissingFrom' : 'ParseUnexpectedToken');
  }
  if (reader.isSymbol('('))
    throw errorAt('UnsupportedSqlStructure', 'a query within a query is not supported', reader.place);
  const table = tableHere(query);
  if (reader.isSymbol('.', '[')) {
    throw errorAt('DataSourcePathUnsupported', `an archive of CSV has no paths, found ${reader.shown()}`, reader.place);
  }
  return { table, alias: aliasHere(reader) };
}

function tableHere(query: Query): string {
  const { reader } = query;
  const { place } = reader;
  const found = reader.shown();
  const name = reader.takeName();
  const known = name?.text.toUpperCase() ?? '';
  if (name === null || name.quoted || ![...TABLES, TABLE_OF_S3].includes(known)) {
    throw errorAt('InvalidDataSource', `expected archive or object after FROM, found ${found}`, place);
  }
  if (known === TABLE_OF_S3) beyondGlacier(query, found, place);
  return name.text;
}

function limitOf(query: Query): bigint {
  const { reader } = query;
  const { place } = reader.next();
  beyondGlacier(query, 'LIMIT', place);
  if (reader.isSymbol('-')) throw errorAt('EvaluatorNegativeLimit', 'LIMIT is negative', reader.place);
  const { kind, value } = reader.token;
  if (kind !== 'number' || !/^\d+$/.test(value))
    throw reader.expected('a whole number after LIMIT', 'ParseExpectedNumber');
  const limit = BigInt(value);
  if (limit > LIMIT_MAX)
    throw errorAt('IntegerOverflow', `LIMIT is at most ${LIMIT_MAX}, found ${reader.shown()}`, reader.place);
  reader.next();
  return limit;
}

/** A semicolon may end the query, as in the examples of Amazon; nothing follows it. */
function ending(query: Query): void {
  const { reader } = query;
  const { place } = reader;
  if (reader.takeSymbol(';')) {
    beyondGlacier(query, 'a semicolon', place);
    if (reader.token.kind !== 'end')
      throw errorAt('UnsupportedSyntax', 'there is more than one statement', reader.place);
  }
  if (reader.token.kind === 'end') return;
  if (reader.isSymbol(',')) {
    throw errorAt('MultipleDataSourcesUnsupported', 'there is only one archive to select from', place);
  }
  throw reader.token.kind === 'word' && STRUCTURE_WORDS.has(reader.token.value)
    ? unsupported(reader)
    : reader.expected('the end', 'ParseUnexpectedToken');
}

const unsupported = (reader: TokenReader): SelectError =>
  errorAt('UnsupportedSqlStructure', `${reader.shown()} is not supported`, reader.place);
