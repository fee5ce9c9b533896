import type { Kysely } from 'kysely';
import { inTransaction } from './prepared.ts';
import type { Tables } from './tables.ts';
import { vaultExists } from './vaults.ts';

/** The tags of vaults. What they are for requests is read in `VaultPolicyRecords`. */
export class VaultTagRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /**
   * Sets all of these tags, in place of those with the same names; or none of them, when the vault is `gone`, or would be
   * `full` with more than `tagsMax`.
   */
  async add(tagging: {
    vaultKey: number;
    tags: ReadonlyMap<string, string>;
    tagsMax: number;
  }): Promise<'added' | 'full' | 'gone'> {
    const { vaultKey, tags, tagsMax } = tagging;
    return inTransaction(this.#db, async (trx) => {
      if (!(await vaultExists(trx, vaultKey))) return 'gone';
      const rows = await trx.selectFrom('vault_tags').select('name').where('vault_key', '=', vaultKey).execute();
      if (new Set([...rows.map(({ name }) => name), ...tags.keys()]).size > tagsMax) return 'full';
      const values = [...tags].map(([name, value]) => ({ vault_key: vaultKey, name, value }));
      if (values.length === 0) return 'added';
      await trx
        .insertInto('vault_tags')
        .values(values)
        .onConflict((clash) =>
          clash.columns(['vault_key', 'name']).doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
        )
        .execute();
      return 'added';
    });
  }

  /** Removes the tags with these names; those that are not there count as removed. False when the vault is gone. */
  async remove({ vaultKey, names }: { vaultKey: number; names: readonly string[] }): Promise<boolean> {
    return inTransaction(this.#db, async (trx) => {
      if (!(await vaultExists(trx, vaultKey))) return false;
      if (names.length === 0) return true;
      await trx.deleteFrom('vault_tags').where('vault_key', '=', vaultKey).where('name', 'in', names).execute();
      return true;
    });
  }
}
