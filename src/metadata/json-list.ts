import { sql } from 'kysely';

/**
 * A list as one parameter, for `in` and to select from: a list of many parameters would be another statement for each length
 * it can have. This is how SQLite reads such a list.
 */
export const listed = <T extends string | number>(values: readonly T[]) =>
  sql<T>`(select value from json_each(${JSON.stringify(values)}))`;
