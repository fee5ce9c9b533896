import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateVaultCommand, GlacierClient, SetVaultAccessPolicyCommand } from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Operator, operatorOf } from '../support/operator.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** Commands without a server go by what the last server was started with, not by the defaults. */
const FIRST = '999988887777';
const REGION = 'eu-west-1';
const ANN = `arn:aws:iam::${FIRST}:user/ann`;
const GRANT = JSON.stringify({
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Principal: { AWS: ANN },
    Action: 'glacier:*',
    Resource: `arn:aws:glacier:${REGION}:${FIRST}:vaults/v`,
  },
});

let directory: string;
let auditFile: string;
let server: TestServer;
let operator: Operator;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-served-as-'));
  auditFile = join(directory, 'audit.log');
  const flags = ['--account-id', FIRST, '--region', REGION, '--audit-log', auditFile];
  server = await startServer({ dataDir: join(directory, 'data'), flags });
  operator = operatorOf(server.dataDir);
  await operator.ask(['users', 'create', 'ann']);
  const client = new GlacierClient({
    endpoint: server.url,
    region: REGION,
    credentials: { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey },
  });
  const vault = { accountId: '-', vaultName: 'v' };
  await client.send(new CreateVaultCommand(vault));
  await client.send(new SetVaultAccessPolicyCommand({ ...vault, policy: { Policy: GRANT } }));
  await server.stop();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

test('S-51 a name that a vault names is kept from others there too', async () => {
  await operator.ask(['users', 'delete', 'ann']);
  const { code, stderr } = await operator.run(['users', 'create', 'ann']);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(`the vault v of the account`) });
});

test('users come into the first account of the server, no other account is made, and the record is in its log', async () => {
  expect(await operator.ask(['users', 'create', 'bob'])).toMatchObject({ accountId: FIRST });
  const { accounts } = await operator.ask<{ accounts: { accountId: string }[] }>(['accounts', 'list']);
  expect(accounts.map(({ accountId }) => accountId)).toEqual([FIRST]);
  const last = readFileSync(auditFile, 'utf8').trimEnd().split('\n').at(-1);
  expect(last).toContain('"awsRegion":"eu-west-1"');
  expect(last).toContain('bob');
  expect(existsSync(join(server.dataDir, 'audit'))).toBe(false);
});

test('a command that is told another account or region does nothing', async () => {
  const told = { MORAINE_REGION: 'us-east-1', MORAINE_ACCOUNT_ID: '111122223333' };
  for (const [name, value] of Object.entries(told)) {
    const { code, stderr } = await operator.run(['users', 'create', 'cem'], { env: { [name]: value } });
    const served = name === 'MORAINE_REGION' ? REGION : FIRST;
    const why = `${name} is ${value}, but the server of this data directory was started with ${served}`;
    expect({ code, stderr }).toEqual({ code: 2, stderr: `moraine: ${why}\n` });
  }
  const { users } = await operator.ask<{ users: { name: string }[] }>(['users', 'list']);
  expect(users.map(({ name }) => name)).toEqual(['bob']);
});

test('a server that is started in another region warns that it is', async () => {
  const flags = ['--account-id', FIRST, '--region', 'us-west-2', '--audit-log', auditFile];
  await using moved = await startServer({ dataDir: server.dataDir, flags });
  await moved.stop();
  expect(moved.stderr()).toMatch(/"level":"warn".*--region is us-west-2 and was eu-west-1/);
});
