import { errorAt, type SelectError } from '../select-error.ts';
import { checkQualifier, checkStatement } from './checks.ts';
import { expressionOf } from './operators.ts';
import { beyondGlacier } from './parsing.ts';
import { aliasHere, type Query, selectList } from './select-list.ts';
import type { Name, Statement } from './syntax.ts';
import type { TokenReader } from './token-reader.ts';

const LIMIT_MAX = 2n ** 63n - 1n;
/** What the archive is called in FROM, by Glacier Select and by S3 Select; in quotes only as written here. */
const TABLES = ['archive', 'object', 'S3Object'] as const;

/** What other dialects have after FROM. */
const STRUCTURE_WORDS = new Set(
  `GROUP ORDER HAVING UNION INTERSECT EXCEPT JOIN INNER LEFT RIGHT FULL CROSS OUTER NATURAL OFFSET FETCH ON AT PIVOT
   UNPIVOT`.split(/\s+/),
);

/** `SELECT ... FROM ... [WHERE ...] [LIMIT n]`, the whole text; throws SelectError. */
export function statementOf(query: Query): Statement {
  const { reader, strict } = query;
  beginning(reader);
  const { items, starQualifier } = selectList(query);
  const { table, alias } = from(query);
  const where = reader.takeWord('WHERE') ? expressionOf(reader, strict) : null;
  const limit = reader.isWord('LIMIT') ? limitOf(query) : null;
  ending(reader);
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

function from(query: Query): { table: string; alias: Name | null } {
  const { reader } = query;
  if (!reader.takeWord('FROM')) {
    throw reader.expected('FROM', reader.token.kind === 'end' ? 'ParseSelectMissingFrom' : 'ParseUnexpectedToken');
  }
  if (reader.isSymbol('(')) throw reader.expected('archive or object', 'UnsupportedSqlStructure');
  const table = tableHere(query);
  if (reader.isSymbol('.', '[')) {
    throw errorAt('InvalidKeyPath', `an archive of CSV has no paths, found ${reader.shown()}`, reader.place);
  }
  return { table, alias: aliasHere(reader) };
}

function tableHere(query: Query): string {
  const { reader } = query;
  const { place } = reader;
  const found = reader.shown();
  const name = reader.takeName();
  const table = TABLES.find((known) =>
    name?.quoted ? name.text === known : name?.text.toUpperCase() === known.toUpperCase(),
  );
  if (name === null || table === undefined) {
    throw errorAt('InvalidDataSource', `expected archive or object after FROM, found ${found}`, place);
  }
  if (table === 'S3Object') beyondGlacier(query, found, place);
  return name.text;
}

function limitOf(query: Query): bigint {
  const { reader } = query;
  const { place } = reader.next();
  beyondGlacier(query, 'LIMIT', place);
  if (reader.isSymbol('-')) throw errorAt('EvaluatorNegativeLimit', 'LIMIT is negative', reader.place);
  const { kind, value } = reader.token;
  const isWhole = kind === 'number' && /^\d+$/.test(value);
  if (!isWhole) throw reader.expected('a whole number after LIMIT', 'ParseExpectedNumber');
  const limit = BigInt(value);
  if (limit > LIMIT_MAX) throw reader.expected(`at most ${LIMIT_MAX} after LIMIT`, 'IntegerOverflow');
  reader.next();
  return limit;
}

/** A semicolon may end the query, as in the examples of Amazon; nothing follows it. */
function ending(reader: TokenReader): void {
  const closed = reader.takeSymbol(';');
  if (reader.token.kind === 'end') return;
  if (closed) throw errorAt('UnsupportedSyntax', 'there is more than one statement', reader.place);
  if (reader.isSymbol(',')) {
    throw errorAt('MultipleDataSourcesUnsupported', 'there is only one archive to select from', reader.place);
  }
  throw reader.token.kind === 'word' && STRUCTURE_WORDS.has(reader.token.value)
    ? unsupported(reader)
    : reader.expected('the end', 'ParseUnexpectedToken');
}

const unsupported = (reader: TokenReader): SelectError =>
  errorAt('UnsupportedSqlStructure', `${reader.shown()} is not supported`, reader.place);
