import { type Kysely, sql } from 'kysely';

/** Messages for the SNS endpoint by topic, so that those of a topic that it refuses can wait without the others. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex('deliveries_by_topic')
    .on('deliveries')
    .columns(['topic', 'due_at'])
    .where(sql.ref('subscription_key'), 'is', null)
    .execute();
}
