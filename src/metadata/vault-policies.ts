import type { Kysely } from 'kysely';
import type { VaultName } from '../model/vaults.ts';
import type { Tables } from './tables.ts';

/** What decides about requests for a vault. */
export interface VaultPolicies {
  /** The vault's key. */
  key: number;
  /** The document of the access policy. */
  access: string | null;
  /** The lock, as it was last set: one whose time to be completed is over counts for nothing. */
  lock: { document: string; expiresAtMs: number | null } | null;
}

/** The policies of vaults, as they are asked for with every request. */
export class VaultPolicyRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Undefined when there is no such vault. */
  async find({ accountId, name }: VaultName): Promise<VaultPolicies | undefined> {
    const row = await this.#db
      .selectFrom('vaults')
      .leftJoin('access_policies', 'access_policies.vault_key', 'vaults.key')
      .leftJoin('vault_locks', 'vault_locks.vault_key', 'vaults.key')
      .select([
        'vaults.key',
        'access_policies.document as access',
        'vault_locks.document as lock',
        'vault_locks.expires_at as lock_expires_at',
      ])
      .where('vaults.account_id', '=', accountId)
      .where('vaults.name', '=', name)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const lock = row.lock === null ? null : { document: row.lock, expiresAtMs: row.lock_expires_at };
    return { key: row.key, access: row.access, lock };
  }

  /** The tags of a vault, in the order of their names. */
  async tags(vaultKey: number): Promise<Map<string, string>> {
    const rows = await this.#db
      .selectFrom('vault_tags')
      .select(['name', 'value'])
      .where('vault_key', '=', vaultKey)
      .orderBy('name')
      .execute();
    return new Map(rows.map(({ name, value }) => [name, value]));
  }
}
