import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import type { Wish } from '../../src/core/authorisation.ts';
import { rootCaller } from '../../src/core/callers.ts';
import { GlacierError } from '../../src/model/errors.ts';
import type { ActionName } from '../../src/policy/actions.ts';
import { type TestArrangement, VAULT } from './arrangement.ts';

export const ARN = `arn:aws:glacier:us-east-1:${VAULT.accountId}:vaults/${VAULT.name}`;

/** A lock policy with one denial, which holds for everybody. */
export const denial = (members: object = {}): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Principal: '*', Action: 'glacier:DeleteArchive', Resource: ARN, ...members }],
  });

/** Nothing may be deleted before it is this many days old. */
export const retention = (days: number): string =>
  denial({ Condition: { NumericLessThan: { 'glacier:ArchiveAgeInDays': String(days) } } });

/** Whether the root of the account may do this to the vault, as an entrance would ask. */
export async function mayRoot(
  { core }: Pick<TestArrangement, 'core'>,
  action: ActionName,
  subject: Wish['subject'] = {},
): Promise<boolean> {
  const caller = rootCaller({ accessKeyId: 'AKIAROOT', accountId: VAULT.accountId });
  const asked = { action, caller, accountId: VAULT.accountId, vaultName: VAULT.name };
  const { allowed } = await core.authorisation.decide({ ...asked, circumstances: { secureTransport: false }, subject });
  return allowed;
}

/** What a call was refused with, or `done`. */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'done';
  } catch (error) {
    if (error instanceof GlacierError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

/** Locks the vault for good and returns the lock's id. */
export async function lockVault({ core }: Pick<TestArrangement, 'core'>, document: string): Promise<string> {
  const id = await core.locks.initiate(VAULT, document);
  await core.locks.complete(VAULT, id);
  return id;
}

/** Changes the metadata behind the server's back; what it reads from then on shows it. */
export async function tamper({ directory }: Pick<TestArrangement, 'directory'>, sql: string): Promise<void> {
  using database = new DatabaseSync(join(directory, 'metadata.sqlite'));
  database.exec(sql);
  await setImmediate();
}
