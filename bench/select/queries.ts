/** A query as Select and as DuckDB are asked; both must answer the same bytes. Columns are 1-based: `_1` and `c1`. */
export interface Query {
  name: string;
  select: string;
  duckdb: string;
}

export const COLUMNS = 10;

export const QUERIES: readonly Query[] = [
  {
    name: 'filter, 3 columns',
    select: `SELECT _1, _2, _5 FROM archive WHERE _3 = 'Oslo' AND _2 LIKE 'user1%'`,
    duckdb: `SELECT c1, c2, c5 FROM archive WHERE c3 = 'Oslo' AND c2 LIKE 'user1%'`,
  },
  {
    name: 'CAST, 2 columns',
    select: 'SELECT _1, _4 FROM archive WHERE CAST(_4 AS INT) > 990',
    duckdb: 'SELECT c1, c4 FROM archive WHERE CAST(c4 AS BIGINT) > 990',
  },
  {
    name: 'LIKE %x%, 2 columns',
    select: `SELECT _1, _10 FROM archive WHERE _10 LIKE '%urgent%'`,
    duckdb: `SELECT c1, c10 FROM archive WHERE c10 LIKE '%urgent%'`,
  },
  { name: 'SELECT *', select: 'SELECT * FROM archive', duckdb: 'SELECT * FROM archive' },
  {
    name: 'COUNT, SUM of a CAST',
    select: 'SELECT COUNT(*), SUM(CAST(_4 AS INT)) FROM archive',
    duckdb: 'SELECT COUNT(*), SUM(CAST(c4 AS BIGINT)) FROM archive',
  },
];
