import { sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { glacierClient, runJob } from '../support/clients.ts';
import { operatorOf } from '../support/operator.ts';
import { startReceiver } from '../support/receiver.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault, newTopic, type ShownSubscription, subscribe, subscribing, until } from '../support/topics.ts';

/** The receiver that docs/notifications.md shows, word for word. */
const PAGE = new URL('../../docs/notifications.md', import.meta.url);
const MINUTE_MS = 60_000;

interface Sample {
  readMessage(body: string, how: { certificate: string; topic: string; nowMs?: number }): Record<string, string>;
  createReceiver(how: {
    certificate: string;
    topic: string;
    moraine: string;
    onJob: (job: { JobId: string }) => Promise<void>;
  }): Server;
}

let directory: string;
let sample: Sample;
let server: TestServer;
let certificate: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-sample-'));
  const code = /```js\n([\s\S]*?)```/.exec(readFileSync(PAGE, 'utf8'))?.[1] ?? '';
  writeFileSync(join(directory, 'receiver.mjs'), code);
  sample = await import(pathToFileURL(join(directory, 'receiver.mjs')).href);
  server = await startServer({ flags: ['--webhook-networks', '127.0.0.0/8'] });
  certificate = (await operatorOf(server.dataDir).run(['topics', 'certificate'])).stdout;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

/** A message as the server signs it, of this moment. */
function signedNow({ topic, JobId, MessageId }: { topic: string; JobId: string; MessageId: string }): string {
  const members: Record<string, string> = {
    ...{ Message: JSON.stringify({ JobId }), MessageId, Timestamp: new Date().toISOString() },
    ...{ TopicArn: topic, Type: 'Notification' },
  };
  const text = Object.entries(members).map(([name, value]) => `${name}\n${value}\n`);
  const key = readFileSync(join(server.dataDir, 'notify-signing.pem'), 'utf8');
  const Signature = sign('sha256', Buffer.from(text.join('')), key).toString('base64');
  return JSON.stringify({ ...members, SignatureVersion: '2', Signature });
}

describe('the sample receiver', () => {
  test('S-73 takes what is genuine and new, and refuses what is old, forged or of another topic', async () => {
    await using receiver = await startReceiver();
    const client = glacierClient(server);
    const vaultName = await createVault(client, 'sample');
    const topic = newTopic();
    await subscribe(server, { topic, receiver });
    await runJob(client, vaultName, { Type: 'inventory-retrieval', SNSTopic: topic });
    client.destroy();
    const { body } = await until(() => receiver.received[0], 'a message');
    const message = JSON.parse(body);
    const sentAtMs = Date.parse(message.Timestamp);
    const read = (text: string, differences: { certificate?: string; topic?: string; nowMs?: number } = {}) =>
      sample.readMessage(text, { certificate, topic, ...differences });

    expect(read(body)).toEqual(message);
    expect(read(body, { nowMs: sentAtMs + 5 * MINUTE_MS })).toEqual(message);
    expect(() => read(body, { nowMs: sentAtMs + 5 * MINUTE_MS + 1 })).toThrow('too old');
    expect(() => read(body, { nowMs: sentAtMs - 5 * MINUTE_MS - 1 })).toThrow('too old');
    expect(() => read(body, { topic: `${topic}2` })).toThrow('about another topic');
    const changed = (member: string, value: string) => JSON.stringify({ ...message, [member]: value });
    for (const [member, value] of [
      ['Message', '{}'],
      ['MessageId', 'another'],
      ['Timestamp', new Date().toISOString()],
      ['TopicArn', `${topic}2`],
      ['Subject', 'added'],
      ['Signature', Buffer.alloc(256, 1).toString('base64')],
      ['Signature', ''],
    ] as const) {
      expect(() => read(changed(member, value))).toThrow('not signed by our server');
    }
    expect(() => read(changed('SignatureVersion', '1'))).toThrow('not a message of a kind we know');
    expect(() => read(changed('Type', 'toString'))).toThrow('not a message of a kind we know');
    await using other = await startServer();
    const { stdout: foreign } = await operatorOf(other.dataDir).run(['topics', 'certificate']);
    expect(() => read(body, { certificate: foreign })).toThrow('not signed by our server');
  });

  test('acts once on a job, also when its message comes side by side, days later, or under another id', async () => {
    const topic = newTopic();
    const acted: string[] = [];
    let end = Promise.withResolvers<void>();
    const onJob = ({ JobId }: { JobId: string }) => {
      acted.push(JobId);
      return end.promise;
    };
    const receiver = sample.createReceiver({ certificate, topic, moraine: server.url, onJob });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const send = async (JobId: string, MessageId = `of ${JobId}`) =>
      (await fetch(url, { method: 'POST', body: signedNow({ topic, JobId, MessageId }) })).status;
    const sideBySide = [send('one'), send('one')];
    await until(() => acted[0], 'the job');
    expect(await Promise.race([...sideBySide, new Promise((resolve) => setTimeout(resolve, 100))])).toBeUndefined();
    end.resolve();
    expect(await Promise.all(sideBySide)).toEqual([204, 204]);
    vi.useFakeTimers({ toFake: ['Date'] });
    for (const days of [0.1, 1, 14]) {
      vi.setSystemTime(Date.now() + days * 24 * 60 * MINUTE_MS);
      expect([await send(`at ${days}`), await send('one'), await send('one', 'another')]).toEqual([204, 204, 204]);
    }
    vi.useRealTimers();
    expect(acted).toEqual(['one', 'at 0.1', 'at 1', 'at 14']);
    end = Promise.withResolvers<void>();
    end.promise.catch(() => undefined);
    end.reject(new Error('not now'));
    expect(await send('two')).toBe(400);
    end = Promise.withResolvers<void>();
    end.resolve();
    expect(await send('two')).toBe(204);
    expect(acted.slice(4)).toEqual(['two', 'two']);
    receiver.closeAllConnections();
    receiver.close();
  });

  test('confirms its subscription and hears of jobs, each once', async () => {
    const topic = newTopic();
    const jobs: string[] = [];
    const receiver = sample.createReceiver({
      certificate,
      topic,
      moraine: server.url,
      onJob: async ({ JobId }) => void jobs.push(JobId),
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const operator = operatorOf(server.dataDir);
    await operator.ask(subscribing(topic, url));
    await until(async () => {
      const { subscriptions } = await operator.ask<{ subscriptions: ShownSubscription[] }>([
        'topics',
        'list',
        '--topic',
        topic,
      ]);
      return subscriptions[0]?.confirmedAt ?? undefined;
    }, 'the confirmation');
    const client = glacierClient(server);
    const vaultName = await createVault(client, 'sample-2');
    const jobId = await runJob(client, vaultName, { Type: 'inventory-retrieval', SNSTopic: topic });
    client.destroy();
    await until(() => jobs[0], 'the job');
    expect(jobs).toEqual([jobId]);
    const forged = await fetch(url, { method: 'POST', body: '{"Type":"Notification","SignatureVersion":"2"}' });
    expect([forged.status, await forged.text()]).toEqual([400, 'not signed by our server\n']);
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(300_000) })).status).toBe(400);
    receiver.closeAllConnections();
    receiver.close();
  });
});
