import {
  CreateVaultCommand,
  DeleteVaultCommand,
  GlacierClient,
  GlacierServiceException,
  ListVaultsCommand,
} from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusalOf } from '../support/clients.ts';
import { type Operator, operatorOf } from '../support/operator.ts';
import { type RawAnswer, send } from '../support/raw-client.ts';
import { REGION, startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/wire.ts';

/** What the operator's commands change counts for requests at once, or within the 5 s that the guide states. */
const CHANGED_MS_MAX = 5000;
/** What is said of a key that is not known, or no longer. */
const UNKNOWN = { code: 'UnrecognizedClientException' };
const LOOK = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"glacier:ListVaults","Resource":"*"}}';

interface Key {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string | null;
}

let server: TestServer;
let operator: Operator;
beforeAll(async () => {
  server = await startServer();
  operator = operatorOf(server.dataDir);
  await operator.ask(['users', 'create', 'ann']);
  await operator.ask(['policies', 'attach', '--user', 'ann', '--name', 'look', '--document', '-'], { input: LOOK });
});
afterAll(() => server[Symbol.asyncDispose]());

const clientOf = ({ accessKeyId, secretAccessKey, sessionToken }: Key): GlacierClient =>
  new GlacierClient({
    endpoint: server.url,
    region: REGION,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === null ? {} : { sessionToken }) },
    maxAttempts: 1,
  });
const newKey = (...words: string[]) => operator.ask<Key>(['keys', 'create', ...words]);
const list = (client: GlacierClient) => client.send(new ListVaultsCommand({ accountId: '-' }));
const create = (client: GlacierClient) => client.send(new CreateVaultCommand({ accountId: '-', vaultName: 'ours' }));

/** Waits until a key is refused, and says with what and after how long. */
async function refused(client: GlacierClient): Promise<{ code: string; afterMs: number }> {
  const startedAtMs = performance.now();
  let code = '';
  await until(async () => {
    try {
      await list(client);
      return false;
    } catch (error) {
      if (!(error instanceof GlacierServiceException)) throw error;
      code = error.name;
      return true;
    }
  });
  return { code, afterMs: performance.now() - startedAtMs };
}

describe('a key signs requests as soon as it is made', () => {
  test('of a user, within its policies', async () => {
    const client = clientOf(await newKey('--user', 'ann'));
    expect((await list(client)).VaultList).toEqual([]);
    expect(await refusalOf(create(client))).toMatchObject({ status: 403, code: 'AccessDeniedException' });
  });

  test('of a root, in another account as well', async () => {
    const { account, key } = await operator.ask<{ account: { accountId: string }; key: Key }>(['accounts', 'create']);
    await create(clientOf(key));
    expect((await list(clientOf(key))).VaultList).toHaveLength(1);
    const second = clientOf(await newKey('--account', account.accountId));
    expect((await list(second)).VaultList).toHaveLength(1);
    expect((await list(clientOf(await newKey()))).VaultList).toEqual([]);
    const { code, stderr } = await operator.run(['accounts', 'delete', account.accountId]);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('has vaults') });
    await second.send(new DeleteVaultCommand({ accountId: '-', vaultName: 'ours' }));
  });

  test('a temporary one needs its token, and its session policy narrows it', async () => {
    const deny = LOOK.replace('"Allow"', '"Deny"');
    const whole = await newKey('--user', 'ann', '--expires', '15m');
    expect((await list(clientOf(whole))).VaultList).toEqual([]);
    expect(await refusalOf(list(clientOf({ ...whole, sessionToken: null })))).toMatchObject(UNKNOWN);
    const { stdout } = await operator.run(
      ['keys', 'create', '--user', 'ann', '--expires', '15m', '--session-policy', '-', '--json'],
      { input: deny },
    );
    expect(await refusalOf(list(clientOf(JSON.parse(stdout))))).toMatchObject({ code: 'AccessDeniedException' });
  });
});

describe('S-07 a key is refused within 5 s', () => {
  test.each([['disable'], ['delete'], ['rotate']])('of %s', async (word) => {
    const key = await newKey('--user', 'ann');
    const client = clientOf(key);
    await list(client);
    const next = await operator.ask<Key>(['keys', word, key.accessKeyId]);
    const refusal = await refused(client);
    expect(refusal).toMatchObject(UNKNOWN);
    expect(refusal.afterMs).toBeLessThan(CHANGED_MS_MAX);
    if (word === 'rotate') expect((await list(clientOf(next))).VaultList).toEqual([]);
    if (word === 'disable') {
      await operator.ask(['keys', 'enable', key.accessKeyId]);
      expect((await list(client)).VaultList).toEqual([]);
    }
  });

  test('when its user is deleted, or its account disabled', async () => {
    await operator.ask(['users', 'create', 'bob']);
    const key = await newKey('--user', 'bob');
    await operator.ask(['policies', 'attach', '--user', 'bob', '--name', 'look', '--document', '-'], { input: LOOK });
    await list(clientOf(key));
    await operator.ask(['users', 'delete', 'bob']);
    expect(await refused(clientOf(key))).toMatchObject(UNKNOWN);
    const made = await operator.ask<{ account: { accountId: string }; key: Key }>(['accounts', 'create']);
    await list(clientOf(made.key));
    await operator.ask(['accounts', 'disable', made.account.accountId]);
    expect(await refused(clientOf(made.key))).toMatchObject(UNKNOWN);
  });

  test('and a policy that is detached allows nothing more', async () => {
    await operator.ask(['users', 'create', 'cem']);
    const words = ['--user', 'cem', '--name', 'look'];
    await operator.ask(['policies', 'attach', ...words, '--document', '-'], { input: LOOK });
    const client = clientOf(await newKey('--user', 'cem'));
    await list(client);
    await operator.ask(['policies', 'detach', ...words]);
    expect(await refused(client)).toMatchObject({ code: 'AccessDeniedException' });
  });
});

describe('S-45 S-48 nothing of this can be reached by a request', () => {
  const NOUNS = ['accounts', 'users', 'keys', 'policies', 'admin', 'admin.sock', 'commands'];
  const PATHS = NOUNS.flatMap((noun) => [`/${noun}`, `/-/${noun}`, `/-/${noun}/create`]);

  test('not even one of the root', async () => {
    const before = await operator.ask(['keys', 'list']);
    for (const path of PATHS) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
        const answer: RawAnswer = await send(server, { method, path });
        expect([404, 403, 400]).toContain(answer.status);
      }
    }
    expect(await operator.ask(['keys', 'list'])).toEqual(before);
  });
});
