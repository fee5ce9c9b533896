import type { Kysely } from 'kysely';
import type { Ddl } from '../ddl.ts';
import * as initial from './0001-initial.ts';
import * as accountsAndPolicies from './0002-accounts-and-policies.ts';
import * as snapshots from './0005-snapshots.ts';

/** One step of the schema. Steps only go forward; a step that has shipped never changes. */
export interface Step {
  up(db: Kysely<unknown>, ddl: Ddl): Promise<void>;
}

/** Every migration, listed by hand so that no bundler or directory listing can lose one. */
export const migrations: Readonly<Record<string, Step>> = {
  '0001-initial': initial,
  '0002-accounts-and-policies': accountsAndPolicies,
  '0005-snapshots': snapshots,
};
