import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CompleteVaultLockCommand, CreateVaultCommand, InitiateVaultLockCommand } from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arnOf, glacierClient } from '../support/clients.ts';
import { type Operator, operatorOf } from '../support/operator.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/wire.ts';

/** The commands about webhooks, vault locks and the trusted time, with a server and without one. */
const INSTANT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const TOPIC = 'arn:aws:sns:us-east-1:111122223333:jobs';
const ENV = { MORAINE_WEBHOOK_NETWORKS: '127.0.0.0/8' };
const LOCK = (vaultName: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 'glacier:DeleteArchive',
        Resource: arnOf(vaultName),
        Condition: { NumericLessThan: { 'glacier:ArchiveAgeInDays': '365' } },
      },
    ],
  });

/** A receiver that remembers what it was sent. */
let receiver: Server;
let url = '';
const heard: { Type: string; Token: string; TopicArn: string }[] = [];

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    heard.push(JSON.parse(Buffer.concat(chunks).toString()));
    response.end();
  });
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
});
afterAll(() => void receiver.close());

async function lockVault(server: TestServer, vaultName: string): Promise<void> {
  const client = glacierClient(server);
  const vault = { accountId: '-', vaultName };
  await client.send(new CreateVaultCommand(vault));
  const { lockId } = await client.send(new InitiateVaultLockCommand({ ...vault, policy: { Policy: LOCK(vaultName) } }));
  await client.send(new CompleteVaultLockCommand({ ...vault, lockId }));
}

describe.each(['while a server runs', 'without a server'])('%s', (circumstance) => {
  const online = circumstance === 'while a server runs';
  let server: TestServer;
  let operator: Operator;
  let dataDir: string;

  beforeAll(async () => {
    server = await startServer({ env: ENV });
    ({ dataDir } = server);
    operator = operatorOf(dataDir, ENV);
    await lockVault(server, 'locked');
    if (!online) await server.stop();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const refusal = async (words: string[]) => {
    const { code, stdout, stderr } = await operator.run(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^moraine: [^\n]+\n$/);
    return stderr.slice('moraine: '.length, -1);
  };

  test('topics', async () => {
    heard.length = 0;
    const subscribe = ['topics', 'subscribe', '--topic', TOPIC];
    const made = await operator.ask<{ arn: string }>([...subscribe, '--url', '-'], { input: `${url}\n` });
    const shown = { arn: made.arn, topic: TOPIC, url, signatureVersion: '2', createdAt: INSTANT, confirmedAt: null };
    expect(made).toEqual(shown);
    expect(made.arn.startsWith(`${TOPIC}:`)).toBe(true);
    expect(await operator.ask(['topics', 'list'])).toEqual({ subscriptions: [shown] });
    expect(await refusal(['topics', 'confirm', '--topic', TOPIC, '--token', 'guessed'])).toBe('Invalid token');
    expect(await refusal([...subscribe, '--url', 'http://10.1.2.3/hook'])).not.toBe('');
    expect(await refusal(['topics', 'subscribe', '--topic', 'jobs', '--url', url])).toBe('Invalid topic ARN: jobs');
    if (online) {
      await until(() => heard.length > 0);
      const [{ Type, Token, TopicArn } = { Type: '', Token: '', TopicArn: '' }] = heard;
      expect({ Type, TopicArn }).toEqual({ Type: 'SubscriptionConfirmation', TopicArn: TOPIC });
      const confirm = ['topics', 'confirm', '--topic', TOPIC, '--token', '-'];
      const confirmed = await operator.ask(confirm, { input: `${Token}\n` });
      expect(confirmed).toEqual({ ...shown, confirmedAt: INSTANT });
      expect((await operator.run(['topics', 'list', '--topic', TOPIC])).stdout).toMatch(/ {2}2 +confirmed at \S+Z\n$/);
      expect(server.stderr()).not.toContain(Token);
    } else {
      expect(heard).toEqual([]);
      expect((await operator.run(['topics', 'list'])).stdout).toMatch(/ {2}2 +waits to be confirmed\n$/);
    }
    expect(await operator.ask(['topics', 'list', '--topic', `${TOPIC}-2`])).toEqual({ subscriptions: [] });
    expect(await operator.ask(['topics', 'unsubscribe', made.arn])).toEqual({ arn: made.arn, unsubscribed: true });
    expect(await refusal(['topics', 'unsubscribe', made.arn])).toBe(`Subscription not found: ${made.arn}`);
    expect((await operator.run(['topics', 'list'])).stdout).toBe('no subscriptions\n');
  });

  test('topics certificate', async () => {
    const { certificatePem } = await operator.ask<{ certificatePem: string }>(['topics', 'certificate']);
    expect(new X509Certificate(certificatePem).publicKey.asymmetricKeyType).toBe('rsa');
    expect((await operator.run(['topics', 'certificate'])).stdout.trim()).toBe(certificatePem.trim());
  });

  test('locks', async () => {
    const lock = { vault: arnOf('locked'), vaultCreatedAt: INSTANT, state: 'agrees', reason: null };
    const record = expect.any(Number);
    expect(await operator.ask(['locks', 'list'])).toEqual({ locks: [{ ...lock, record }], faults: [] });
    expect((await operator.run(['locks', 'list'])).stdout).toMatch(
      /^VAULT +STATE +RECORD +REASON\narn:aws:glacier:\S+:vaults\/locked +agrees +\d+ +-\n$/,
    );
    expect(await operator.ask(['locks', 'repair'])).toEqual({ repaired: [], left: [] });
    expect((await operator.run(['locks', 'repair'])).stdout).toBe('nothing was to be repaired\n');
    expect(await operator.ask(['locks', 'release-orphans'])).toEqual({ released: 0 });
    expect((await operator.run(['locks', 'release-orphans'])).stdout).toBe('blobs released: 0\n');
  });

  test('clock', async () => {
    const clock = {
      trustedAt: INSTANT,
      wallClockAt: INSTANT,
      unprovenMs: expect.any(Number),
      toleranceMs: expect.any(Number),
      suspectSince: null,
    };
    expect(await operator.ask(['clock', 'show'])).toEqual(clock);
    expect(await refusal(['clock', 'confirm'])).toBe('the wall clock is believed: there is nothing to confirm');
    expect((await operator.run(['clock', 'show'])).stdout).toMatch(
      /^trusted time {2}\S+Z\nwall clock {4}\S+Z\nunproven {6}\d+ minutes of at most \d+ minutes\nthe wall clock is believed\n$/,
    );
  });
});

test('S-64 a lock that was taken out of the metadata is put back', async () => {
  await using server = await startServer();
  const { ask } = operatorOf(server.dataDir);
  await lockVault(server, 'mended');
  await server.stop();
  const database = new DatabaseSync(join(server.dataDir, 'metadata.sqlite'));
  expect(database.prepare('delete from vault_locks').run().changes).toBe(1);
  database.close();
  const mended = { vault: arnOf('mended'), state: 'sealed', reason: expect.any(String) };
  expect(await ask(['locks', 'list'])).toMatchObject({ locks: [mended] });
  expect(await ask(['locks', 'repair'])).toMatchObject({ repaired: [mended], left: [] });
  expect(await ask(['locks', 'list'])).toMatchObject({ locks: [{ vault: arnOf('mended'), state: 'agrees' }] });
});
