import type { Kysely, Selectable } from 'kysely';
import { NO_RETRIEVAL_POLICY, type RetrievalPolicy } from '../model/retrieval-policies.ts';
import type { Tables } from './tables.ts';

/** The data retrieval policies, at most one for each account. */
export class RetrievalPolicyRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Sets the policy in place of the one before. */
  async set({ accountId, policy }: { accountId: string; policy: RetrievalPolicy }): Promise<void> {
    const { strategy } = policy;
    const bytesPerHour = policy.strategy === 'BytesPerHour' ? String(policy.bytesPerHour) : null;
    await this.#db
      .insertInto('retrieval_policies')
      .values({ account_id: accountId, strategy, bytes_per_hour: bytesPerHour })
      .onConflict((conflict) => conflict.column('account_id').doUpdateSet({ strategy, bytes_per_hour: bytesPerHour }))
      .execute();
  }

  async find(accountId: string): Promise<RetrievalPolicy> {
    return toRetrievalPolicy(await retrievalPolicyQuery(this.#db, accountId).executeTakeFirst());
  }
}

/** Its parameter is the account. */
export const retrievalPolicyQuery = (db: Kysely<Tables>, accountId: string) =>
  db.selectFrom('retrieval_policies').selectAll().where('account_id', '=', accountId);

export type RetrievalPolicyRow = Selectable<Tables['retrieval_policies']>;

/** An account that has set no policy has the one that limits nothing. */
export function toRetrievalPolicy(row: RetrievalPolicyRow | undefined): RetrievalPolicy {
  if (row === undefined) return NO_RETRIEVAL_POLICY;
  const { strategy, bytes_per_hour: digits } = row;
  if (strategy !== 'BytesPerHour') return { strategy };
  if (digits === null) throw new Error(`the retrieval policy of ${row.account_id} lacks its BytesPerHour`);
  return { strategy, bytesPerHour: BigInt(digits) };
}
