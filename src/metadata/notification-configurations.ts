import type { Kysely } from 'kysely';
import { NOTIFICATION_EVENTS, type NotificationConfiguration } from '../model/notifications.ts';
import { inTransaction, Prepared } from './prepared.ts';
import type { Tables } from './tables.ts';
import { vaultExists } from './vaults.ts';

/** Whom vaults tell of the ends of their jobs. */
export class NotificationConfigurationRecords {
  readonly #db: Kysely<Tables>;
  readonly #find: ReturnType<typeof prepareConfiguration>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
    this.#find = prepareConfiguration(db);
  }

  /** Sets the configuration, in place of the one there was. False when the vault is gone. */
  async set({ vaultKey, topic, events }: NotificationConfiguration & { vaultKey: number }): Promise<boolean> {
    const columns = { topic, events: events.join(SEPARATOR) };
    return inTransaction(this.#db, async (trx) => {
      if (!(await vaultExists(trx, vaultKey))) return false;
      await trx
        .insertInto('notification_configurations')
        .values({ vault_key: vaultKey, ...columns })
        .onConflict((clash) => clash.column('vault_key').doUpdateSet(columns))
        .execute();
      return true;
    });
  }

  async find(vaultKey: number): Promise<NotificationConfiguration | undefined> {
    const row = await this.#find.first([vaultKey]);
    return row === undefined ? undefined : toConfiguration(row);
  }

  /** Forgets the configuration, if there is one. */
  async delete(vaultKey: number): Promise<void> {
    await this.#db.deleteFrom('notification_configurations').where('vault_key', '=', vaultKey).execute();
  }
}

const SEPARATOR = ',';

/** Finds the configuration of a vault by its key, also for operations that tell of something. */
export const prepareConfiguration = (db: Kysely<Tables>) =>
  new Prepared(db, db.selectFrom('notification_configurations').select(['topic', 'events']).where('vault_key', '=', 0));

export function toConfiguration(row: { topic: string; events: string }): NotificationConfiguration {
  const named = row.events.split(SEPARATOR);
  const events = named.flatMap((name) => NOTIFICATION_EVENTS.filter((event) => event === name));
  return { topic: row.topic, events };
}
