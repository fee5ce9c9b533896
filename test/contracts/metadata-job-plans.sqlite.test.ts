import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newVault, T0 } from './metadata-fixtures.ts';
import { planIn, type SqliteUnderTest, sqliteUnderTest, statementsOf } from './sqlite-under-test.ts';

/** A page of jobs is the start of a range of one index, or of two of them merged, whatever the filters and the position. */
let tested: SqliteUnderTest;
let vaultKey = 0;
beforeAll(async () => {
  tested = await sqliteUnderTest();
  vaultKey = (await newVault(tested.metadata)).key;
});
afterAll(() => tested[Symbol.asyncDispose]());

const range = (index: string, columns: string) =>
  `SEARCH jobs USING INDEX ${index} (${columns} AND (created_at,id)<(?,?))`;
const ofVault = range('jobs_by_creation', 'vault_key=?');
const ofStatus = range('jobs_by_status', 'vault_key=? AND status=?');
const merged = ['MERGE (UNION ALL)', 'LEFT', ofStatus, 'RIGHT', ofStatus];

describe.each([null, { createdAtMs: T0, id: 'x' }])('a page after %j', (after) => {
  test.each([
    [{}, [ofVault]],
    [{ status: 'InProgress' as const }, [ofStatus]],
    [{ status: 'Succeeded' as const }, [ofStatus]],
    [{ status: 'Failed' as const }, [ofStatus]],
    [{ completed: false }, [ofStatus]],
    [{ completed: true }, merged],
    [{ completed: false, status: 'InProgress' as const }, [ofStatus]],
    [{ completed: true, status: 'Failed' as const }, [ofStatus]],
  ])('of the jobs with %j', async (filters, steps) => {
    const page = { vaultKey, status: null, completed: null, after, limit: 50, nowMs: T0, ...filters };
    const statements = await statementsOf(() => tested.metadata.jobs.list(page));
    expect(statements.map((sql) => planIn(tested.path, sql))).toEqual([steps]);
  });

  test('of the jobs with filters that contradict each other', async () => {
    const page = { vaultKey, status: 'Failed' as const, completed: false, after, limit: 50, nowMs: T0 };
    expect(await statementsOf(() => tested.metadata.jobs.list(page))).toEqual([]);
  });
});
