import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from './clients.ts';
import { operatorOf } from './operator.ts';
import type { TestServer } from './server.ts';

/** Accounts, users and keys, made with the program as an operator makes them, while the server runs. */
export interface Credentials extends Target {
  accountId: string;
  sessionToken?: string;
}

/** A key as the program prints it. */
type Printed = Pick<Credentials, 'accessKeyId' | 'secretAccessKey'> & { sessionToken: string | null };

/** A new account, by the key of its root. */
export async function newAccount(server: TestServer): Promise<Credentials> {
  const made = await operatorOf(server.dataDir).ask<{ account: { accountId: string }; key: Printed }>([
    'accounts',
    'create',
  ]);
  return { url: server.url, accountId: made.account.accountId, ...pair(made.key) };
}

/** A new user with these policies, by its key. */
export async function newUser(
  server: TestServer,
  { accountId, name, policies = [] }: { accountId: string; name: string; policies?: object[] },
): Promise<Credentials> {
  const operator = operatorOf(server.dataDir);
  await operator.ask(['users', 'create', name, '--account', accountId]);
  for (const [index, policy] of policies.entries()) {
    const document = join(server.dataDir, `${name}-${index}.json`);
    writeFileSync(document, JSON.stringify(policy));
    const attached = ['--user', name, '--name', `policy-${index}`, '--document', document, '--account', accountId];
    await operator.ask(['policies', 'attach', ...attached]);
  }
  return newKey(server, { accountId, user: name });
}

/** A new key, temporary when it is given a time. */
export async function newKey(
  server: TestServer,
  { accountId, user, expires, policy }: { accountId: string; user?: string; expires?: string; policy?: object },
): Promise<Credentials> {
  const options = ['--account', accountId];
  if (user !== undefined) options.push('--user', user);
  if (expires !== undefined) options.push('--expires', expires);
  if (policy !== undefined) {
    const document = join(server.dataDir, 'session-policy.json');
    writeFileSync(document, JSON.stringify(policy));
    options.push('--session-policy', document);
  }
  const key = await operatorOf(server.dataDir).ask<Printed>(['keys', 'create', ...options]);
  return { url: server.url, accountId, ...pair(key) };
}

/** What signs requests, without what the program prints beside it. */
const pair = ({ accessKeyId, secretAccessKey, sessionToken }: Printed) => ({
  accessKeyId,
  secretAccessKey,
  ...(sessionToken === null ? {} : { sessionToken }),
});
