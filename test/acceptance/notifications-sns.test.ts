import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  DeleteVaultNotificationsCommand,
  type DescribeJobCommandOutput,
  type GlacierClient,
  SetVaultNotificationsCommand,
} from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arnOf, ended, glacierClient, startJob, uploadArchive } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { type Published, type SnsEndpoint, startSnsEndpoint } from '../support/sns-endpoint.ts';
import { createVault, newTopic, until } from '../support/topics.ts';

/** Messages about jobs, as they reach an SNS endpoint. */
let endpoint: SnsEndpoint;
let server: TestServer;
let client: GlacierClient;
beforeAll(async () => {
  endpoint = await startSnsEndpoint();
  server = await startServer({
    flags: ['--sns-endpoint', endpoint.url],
    env: { AWS_ACCESS_KEY_ID: 'AKIAFORSNS', AWS_SECRET_ACCESS_KEY: 'secret' },
  });
  client = glacierClient(server);
});
afterAll(async () => {
  client.destroy();
  await server[Symbol.asyncDispose]();
  await endpoint[Symbol.asyncDispose]();
});

const publishedTo = (topic: string) => endpoint.published().filter((published) => published.topic === topic);
const arrival = (topic: string): Promise<Published> => until(() => publishedTo(topic)[0], `a message to ${topic}`);
const json = (value: unknown): string => JSON.stringify(value ?? null);
const setEvents = (vaultName: string, topic: string, events: string[]) =>
  client.send(
    new SetVaultNotificationsCommand({
      accountId: '-',
      vaultName,
      vaultNotificationConfig: { SNSTopic: topic, Events: events },
    }),
  );

describe('the message', () => {
  test('about an archive retrieval is its 18 members, word for word', async () => {
    const vaultName = await createVault(client, 'archive-message');
    const archiveId = await uploadArchive(client, { vaultName, body: Buffer.from('to be restored') });
    const topic = newTopic();
    const jobParameters = { Type: 'archive-retrieval', ArchiveId: archiveId, SNSTopic: topic, Tier: 'Expedited' };
    const jobId = await startJob(client, vaultName, { ...jobParameters, Description: 'f\\u"r' });
    const job = await ended(client, vaultName, jobId);
    const hash = json(job.SHA256TreeHash);
    expect((await arrival(topic)).message).toBe(
      `{"Action":"ArchiveRetrieval","ArchiveId":"${archiveId}","ArchiveSHA256TreeHash":${hash},"ArchiveSizeInBytes":14,` +
        `"Completed":true,"CompletionDate":${json(job.CompletionDate)},"CreationDate":${json(job.CreationDate)},` +
        `"InventoryRetrievalParameters":null,"InventorySizeInBytes":null,"JobDescription":"f\\\\u\\"r","JobId":"${jobId}",` +
        `"RetrievalByteRange":"0-13","SHA256TreeHash":${hash},"SNSTopic":"${topic}","StatusCode":"Succeeded",` +
        `"StatusMessage":"Succeeded","Tier":"Expedited","VaultARN":"${arnOf(vaultName)}"}`,
    );
  });

  test('about an inventory is its 18 members, word for word', async () => {
    const vaultName = await createVault(client, 'inventory-message');
    const topic = newTopic();
    const jobId = await startJob(client, vaultName, { Type: 'inventory-retrieval', Format: 'CSV', SNSTopic: topic });
    const job = await ended(client, vaultName, jobId);
    expect((await arrival(topic)).message).toBe(
      '{"Action":"InventoryRetrieval","ArchiveId":null,"ArchiveSHA256TreeHash":null,"ArchiveSizeInBytes":null,' +
        `"Completed":true,"CompletionDate":${json(job.CompletionDate)},"CreationDate":${json(job.CreationDate)},` +
        '"InventoryRetrievalParameters":{"EndDate":null,"Format":"CSV","Limit":null,"Marker":null,"StartDate":null},' +
        `"InventorySizeInBytes":${job.InventorySizeInBytes},"JobDescription":null,"JobId":"${jobId}",` +
        `"RetrievalByteRange":null,"SHA256TreeHash":null,"SNSTopic":"${topic}","StatusCode":"Succeeded",` +
        `"StatusMessage":"Succeeded","Tier":null,"VaultARN":"${arnOf(vaultName)}"}`,
    );
  });

  test('tells of a failure too', async () => {
    const vaultName = await createVault(client, 'failure-message');
    const archiveId = await uploadArchive(client, { vaultName, body: Buffer.alloc(400_000, 'soon gone') });
    const blobs = join(server.dataDir, 'blobs');
    for (const name of readdirSync(blobs, { recursive: true, encoding: 'utf8' })) {
      if (statSync(join(blobs, name)).isFile()) rmSync(join(blobs, name));
    }
    const topic = newTopic();
    const jobId = await startJob(client, vaultName, {
      Type: 'archive-retrieval',
      ArchiveId: archiveId,
      SNSTopic: topic,
    });
    expect(JSON.parse((await arrival(topic)).message)).toMatchObject({
      JobId: jobId,
      Completed: true,
      StatusCode: 'Failed',
      StatusMessage: 'The archive cannot be retrieved: its stored bytes are missing or damaged.',
    });
  });

  test('is signed with what the AWS chain of credentials gives', async () => {
    const vaultName = await createVault(client, 'credentials');
    const topic = newTopic();
    await startJob(client, vaultName, { Type: 'inventory-retrieval', SNSTopic: topic });
    expect((await arrival(topic)).authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAFORSNS\/\d{8}\/us-east-1\/sns\/aws4_request, /,
    );
  });

  test('arrives within a second of the completion', async () => {
    const vaultName = await createVault(client, 'within-a-second');
    const topic = newTopic();
    const jobId = await startJob(client, vaultName, { Type: 'inventory-retrieval', SNSTopic: topic });
    const { atMs, message } = await arrival(topic);
    expect(JSON.parse(message).JobId).toBe(jobId);
    expect(atMs - Date.parse(JSON.parse(message).CompletionDate)).toBeLessThan(1000);
  });

  test('goes to a FIFO topic in the order of its job', async () => {
    const vaultName = await createVault(client, 'fifo');
    const topic = `${newTopic()}.fifo`;
    const jobId = await startJob(client, vaultName, { Type: 'inventory-retrieval', SNSTopic: topic });
    expect(await arrival(topic)).toMatchObject({
      groupId: jobId,
      deduplicationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });
});

describe('the topic of a vault', () => {
  const run = async (vaultName: string, jobParameters: Parameters<typeof startJob>[2]) => {
    const jobId = await startJob(client, vaultName, jobParameters);
    return (await ended(client, vaultName, jobId)) as DescribeJobCommandOutput;
  };

  test('is told of the events it was set to, and of no others', async () => {
    const vaultName = await createVault(client, 'events');
    const archiveId = await uploadArchive(client, { vaultName, body: Buffer.from('bytes') });
    const retrieval = { Type: 'archive-retrieval', ArchiveId: archiveId };
    const [first, second, third] = [newTopic(), newTopic(), newTopic()];
    await setEvents(vaultName, first, ['InventoryRetrievalCompleted']);
    await run(vaultName, retrieval);
    const inventory = await run(vaultName, { Type: 'inventory-retrieval' });
    await setEvents(vaultName, second, ['ArchiveRetrievalCompleted']);
    await run(vaultName, { Type: 'inventory-retrieval' });
    const archive = await run(vaultName, retrieval);
    await client.send(new DeleteVaultNotificationsCommand({ accountId: '-', vaultName }));
    await run(vaultName, retrieval);
    await run(vaultName, { Type: 'inventory-retrieval', SNSTopic: third });
    await arrival(third);
    expect(publishedTo(first).map(({ message }) => JSON.parse(message).JobId)).toEqual([inventory.JobId]);
    expect(publishedTo(second).map(({ message }) => JSON.parse(message).JobId)).toEqual([archive.JobId]);
    // Its own topic a job may have, and has not; that of the vault is not part of it.
    expect(JSON.parse(publishedTo(second)[0]?.message ?? '').SNSTopic).toBeNull();
  });

  test('is told besides that of the job, after it', async () => {
    const vaultName = await createVault(client, 'both-topics');
    const [own, ofVault] = [newTopic(), newTopic()];
    await setEvents(vaultName, ofVault, ['ArchiveRetrievalCompleted', 'InventoryRetrievalCompleted']);
    await run(vaultName, { Type: 'inventory-retrieval', SNSTopic: own });
    const [toVault, toJob] = [await arrival(ofVault), await arrival(own)];
    expect(toVault.message).toBe(toJob.message);
    const order = endpoint.published().map(({ topic }) => topic);
    expect(order.indexOf(own)).toBeLessThan(order.indexOf(ofVault));
  });
});
