import type { Kysely } from 'kysely';
import type { VaultLock } from '../model/vault-locks.ts';
import type { VaultName } from '../model/vaults.ts';
import { Prepared } from './prepared.ts';
import type { Tables } from './tables.ts';

/** What decides about requests for a vault. */
export interface VaultPolicies {
  /** The vault's key. */
  key: number;
  createdAtMs: number;
  /** The document of the access policy. */
  access: string | null;
  /** The lock, as it was last set: one whose time to be completed is over counts for nothing. */
  lock: VaultLock | null;
}

/** The policies of vaults, as they are asked for with every request. */
export class VaultPolicyRecords {
  readonly #db: Kysely<Tables>;
  readonly #find: Prepared<FoundPolicies>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
    this.#find = new Prepared(db, findQuery(db));
  }

  /** Undefined when there is no such vault. */
  async find({ accountId, name }: VaultName): Promise<VaultPolicies | undefined> {
    const row = await this.#find.first([accountId, name]);
    if (row === undefined) return undefined;
    return { key: row.key, createdAtMs: row.created_at, access: row.access, lock: lockIn(row) };
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

/** Its parameters are the account and the name of the vault, in this order. */
const findQuery = (db: Kysely<Tables>) =>
  db
    .selectFrom('vaults')
    .leftJoin('access_policies', 'access_policies.vault_key', 'vaults.key')
    .leftJoin('vault_locks', 'vault_locks.vault_key', 'vaults.key')
    .select([
      'vaults.key',
      'vaults.created_at',
      'access_policies.document as access',
      'vault_locks.id as lock_id',
      'vault_locks.document as lock_document',
      'vault_locks.state as lock_state',
      'vault_locks.created_at as lock_created_at',
      'vault_locks.expires_at as lock_expires_at',
    ])
    .where('vaults.account_id', '=', '')
    .where('vaults.name', '=', '');

type FoundPolicies = Awaited<ReturnType<ReturnType<typeof findQuery>['executeTakeFirstOrThrow']>>;

/** The lock that the join has found, if it found one. */
function lockIn(row: FoundPolicies): VaultLock | null {
  const { lock_id: id, lock_document: document, lock_state: state, lock_created_at: createdAtMs } = row;
  if (id === null || document === null || state === null || createdAtMs === null) return null;
  return { id, document, state, createdAtMs, expiresAtMs: row.lock_expires_at };
}
