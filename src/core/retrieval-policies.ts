import type { RetrievalPolicy } from '../model/retrieval-policies.ts';
import type { Arrangement } from './arrangement.ts';

/** How much the Standard retrievals of an account may read. What is set counts from the next job on. */
export class RetrievalPolicies {
  readonly #given: Arrangement;

  constructor(given: Arrangement) {
    this.#given = given;
  }

  async set(change: { accountId: string; policy: RetrievalPolicy }): Promise<void> {
    await this.#given.metadata.retrievalPolicies.set(change);
  }

  /** The policy of an account; the strategy None before any was set. */
  async get(accountId: string): Promise<RetrievalPolicy> {
    return this.#given.metadata.retrievalPolicies.find(accountId);
  }
}
