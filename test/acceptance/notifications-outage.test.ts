import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SetVaultNotificationsCommand } from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ended, glacierClient, runJob, startJob } from '../support/clients.ts';
import { answerWith, hang, type Receiver, startReceiver } from '../support/receiver.ts';
import { startServer } from '../support/server.ts';
import { type SnsEndpoint, startSnsEndpoint, takePublication } from '../support/sns-endpoint.ts';
import { createVault, messagesOf, newTopic, subscribe, until } from '../support/topics.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-outage-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const env = { AWS_ACCESS_KEY_ID: 'AKIAFORSNS', AWS_SECRET_ACCESS_KEY: 'secret' };
const flags = ['--webhook-networks', '127.0.0.0/8'];
const topicsOf = (receiver: Receiver, jobId: string): (string | undefined)[] => {
  const told = messagesOf(receiver).filter(({ Message = '' }) => JSON.parse(Message).JobId === jobId);
  // An id that comes again was taken before the server knew.
  return [...new Map(told.map(({ MessageId, TopicArn }) => [MessageId, TopicArn])).values()];
};

describe('receivers that are away', () => {
  test('F-31 lose nothing and hold up nobody, though the server is killed meanwhile', async () => {
    await using endpoint: SnsEndpoint = await startSnsEndpoint();
    await using receiver = await startReceiver();
    const started = { dataDir: join(directory, 'killed'), flags: [...flags, '--sns-endpoint', endpoint.url], env };
    const jobIds: string[] = [];
    const [own, ofVault] = [newTopic(), newTopic()];
    const vaultName = 'outage';
    const runJobs = async (target: Parameters<typeof glacierClient>[0]) => {
      const client = glacierClient(target);
      for (let index = 0; index < 3; index += 1) {
        const startedAt = performance.now();
        const jobId = await startJob(client, vaultName, { Type: 'inventory-retrieval', SNSTopic: own });
        expect(await ended(client, vaultName, jobId)).toMatchObject({ StatusCode: 'Succeeded' });
        expect(performance.now() - startedAt).toBeLessThan(5000);
        jobIds.push(jobId);
      }
      client.destroy();
    };
    {
      await using server = await startServer(started);
      const client = glacierClient(server);
      await createVault(client, vaultName);
      await client.send(
        new SetVaultNotificationsCommand({
          accountId: '-',
          vaultName,
          vaultNotificationConfig: { SNSTopic: ofVault, Events: ['InventoryRetrievalCompleted'] },
        }),
      );
      client.destroy();
      for (const topic of [own, ofVault]) await subscribe(server, { topic, receiver });
      endpoint.answer = hang;
      receiver.answer = answerWith(503);
      await runJobs(server);
      await until(() => receiver.received[0] && endpoint.received[0], 'an attempt at each');
      await server.kill();
    }
    const tried = messagesOf(receiver);
    {
      await using server = await startServer(started);
      await runJobs(server);
      receiver.received.length = 0;
      endpoint.received.length = 0;
      receiver.answer = answerWith(200);
      endpoint.answer = takePublication;
      await until(() => (new Set(messagesOf(receiver).map((m) => m.MessageId)).size === 12 ? true : undefined), 'all');
      await until(
        () => (new Set(endpoint.published().map((p) => p.topic + p.message)).size === 12 ? true : undefined),
        'all',
      );
      expect(await server.stop()).toBe(0);
    }
    // Two subscriptions are two receivers; to the endpoint the messages of a job keep their order.
    for (const jobId of jobIds) {
      expect(topicsOf(receiver, jobId).sort()).toEqual([own, ofVault].sort());
      const toEndpoint = endpoint.published().filter(({ message }) => JSON.parse(message).JobId === jobId);
      expect([...new Set(toEndpoint.map(({ topic }) => topic))]).toEqual([own, ofVault]);
    }
    const again = messagesOf(receiver).map(({ MessageId }) => MessageId);
    for (const { MessageId } of tried) expect(again).toContain(MessageId);
  });

  test('F-31 do not hold up the others', async () => {
    await using away = await startReceiver();
    await using well = await startReceiver();
    await using server = await startServer({ flags });
    const client = glacierClient(server);
    const vaultName = await createVault(client, 'hanging');
    const topic = newTopic();
    await subscribe(server, { topic, receiver: away });
    await subscribe(server, { topic, receiver: well });
    away.answer = hang;
    const jobIds: string[] = [];
    for (let index = 0; index < 8; index += 1) {
      jobIds.push(await runJob(client, vaultName, { Type: 'inventory-retrieval', SNSTopic: topic }));
    }
    await until(() => (well.received.length === 8 ? true : undefined), 'all messages to the receiver that is well');
    const told = well.received.map(({ atMs, body }) => ({ atMs, job: JSON.parse(JSON.parse(body).Message) }));
    expect(told.map(({ job }) => job.JobId).sort()).toEqual([...jobIds].sort());
    for (const { atMs, job } of told) expect(atMs - Date.parse(job.CompletionDate)).toBeLessThan(1000);
    expect(away.received.length).toBeLessThanOrEqual(4);
    client.destroy();
  });
});
