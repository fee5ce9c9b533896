import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  AbortVaultLockCommand,
  CompleteVaultLockCommand,
  DeleteArchiveCommand,
  GetVaultLockCommand,
  type GlacierClient,
  InitiateVaultLockCommand,
} from '@aws-sdk/client-glacier';
import { arnOf } from './clients.ts';
import type { TestServer } from './server.ts';

/** A policy with one denial, which holds for everybody. */
export const denial = (vaultName: string, members: object = {}): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Deny', Principal: '*', Action: 'glacier:DeleteArchive', Resource: arnOf(vaultName), ...members },
    ],
  });

/** Nothing may be deleted before it is this many days old. The key is spelt as in AWS's own example. */
export const retention = (vaultName: string, days: number): string =>
  denial(vaultName, { Condition: { NumericLessThan: { 'glacier:ArchiveAgeinDays': String(days) } } });

/** The calls for the lock of a vault. */
export function locksOf(client: GlacierClient, vaultName: string) {
  const vault = { accountId: '-', vaultName };
  const initiate = async (Policy: string): Promise<string> =>
    (await client.send(new InitiateVaultLockCommand({ ...vault, policy: { Policy } }))).lockId ?? '';
  const complete = (lockId: string) => client.send(new CompleteVaultLockCommand({ ...vault, lockId }));
  return {
    initiate,
    complete,
    get: () => client.send(new GetVaultLockCommand(vault)),
    abort: () => client.send(new AbortVaultLockCommand(vault)),
    lock: async (policy: string): Promise<string> => {
      const id = await initiate(policy);
      await complete(id);
      return id;
    },
    remove: (archiveId: string) => client.send(new DeleteArchiveCommand({ ...vault, archiveId })),
  };
}

/** Changes the metadata of a server that is stopped, as a hand in the database would. */
export function changeMetadata({ dataDir }: Pick<TestServer, 'dataDir'>, sql: string): void {
  using database = new DatabaseSync(join(dataDir, 'metadata.sqlite'));
  database.exec(sql);
}

/** Lines of the log that are alarms. */
export const alarmsIn = (server: TestServer): string[] =>
  server
    .stderr()
    .split('\n')
    .filter((line) => line.includes('"level":"error"'))
    .map((line) => JSON.parse(line).msg);
