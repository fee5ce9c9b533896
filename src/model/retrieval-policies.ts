/** What an account has set for how much its Standard retrievals may read. */
export type RetrievalPolicy =
  | { strategy: 'BytesPerHour'; bytesPerHour: bigint }
  | { strategy: 'FreeTier' }
  | { strategy: 'None' };

export type RetrievalStrategy = RetrievalPolicy['strategy'];

export const RETRIEVAL_STRATEGIES = ['BytesPerHour', 'FreeTier', 'None'] as const satisfies RetrievalStrategy[];

/** What counts for an account that has set nothing (developer guide, "Data Retrieval Policies"). */
export const NO_RETRIEVAL_POLICY: RetrievalPolicy = { strategy: 'None' };
