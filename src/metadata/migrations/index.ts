import type { Kysely } from 'kysely';
import type { Ddl } from '../ddl.ts';
import * as initial from './0001-initial.ts';
import * as accountsAndPolicies from './0002-accounts-and-policies.ts';
import * as queues from './0003-queues.ts';
import * as fewerJobIndexes from './0004-fewer-job-indexes.ts';
import * as snapshots from './0005-snapshots.ts';
import * as givenUp from './0006-given-up.ts';
import * as boundedAdmission from './0007-bounded-admission.ts';
import * as select from './0008-select.ts';
import * as assemblies from './0009-assemblies.ts';
import * as fixity from './0010-fixity.ts';

/** One step of the schema. Steps only go forward; a step that has shipped never changes. */
export interface Step {
  up(db: Kysely<unknown>, ddl: Ddl): Promise<void>;
}

/** Every migration, listed by hand so that no bundler or directory listing can lose one. */
export const migrations: Readonly<Record<string, Step>> = {
  '0001-initial': initial,
  '0002-accounts-and-policies': accountsAndPolicies,
  '0003-queues': queues,
  '0004-fewer-job-indexes': fewerJobIndexes,
  '0005-snapshots': snapshots,
  '0006-given-up': givenUp,
  '0007-bounded-admission': boundedAdmission,
  '0008-select': select,
  '0009-assemblies': assemblies,
  '0010-fixity': fixity,
};
