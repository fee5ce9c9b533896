import { setTimeout as sleep } from 'node:timers/promises';
import { CreateVaultCommand, type GlacierClient } from '@aws-sdk/client-glacier';
import { type Operator, operatorOf } from './operator.ts';
import type { Receiver } from './receiver.ts';
import type { TestServer } from './server.ts';

const WAIT_MS_MAX = 40_000;

/** A topic that nobody else names. */
let topics = 0;
export const newTopic = (): string => {
  topics += 1;
  return `arn:aws:sns:us-east-1:111122223333:topic-${process.pid}-${topics}`;
};

/** Waits until `find` finds something. */
export async function until<T>(find: () => T | undefined | Promise<T | undefined>, what: string): Promise<T> {
  const giveUpAt = Date.now() + WAIT_MS_MAX;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (Date.now() > giveUpAt) throw new Error(`waited in vain for ${what}`);
    await sleep(10);
  }
}

export const messagesOf = (receiver: Receiver): Record<string, string>[] =>
  receiver.received.map(({ body }) => JSON.parse(body));

export async function createVault(client: GlacierClient, vaultName: string): Promise<string> {
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  return vaultName;
}

export interface ShownSubscription {
  arn: string;
  topic: string;
  url: string;
  signatureVersion: string;
  confirmedAt: string | null;
}

/** The words that subscribe a URL to a topic. */
export const subscribing = (topic: string, url: string): string[] => [
  ...['topics', 'subscribe', '--topic', topic, '--url', url],
];

/** Subscribes a receiver and confirms as a receiver does; what was received until then is forgotten. */
export async function subscribe(
  { dataDir }: Pick<TestServer, 'dataDir'>,
  { topic, receiver, version = '2' }: { topic: string; receiver: Receiver; version?: string },
): Promise<ShownSubscription> {
  const operator: Operator = operatorOf(dataDir);
  const words = [...subscribing(topic, `${receiver.url}/hook`), '--signature-version', version];
  const subscription = await operator.ask<ShownSubscription>(words);
  const { SubscribeURL = '' } = await until(
    () => messagesOf(receiver).find(({ Type, TopicArn }) => Type === 'SubscriptionConfirmation' && TopicArn === topic),
    'the confirmation',
  );
  const answer = await fetch(SubscribeURL);
  if (answer.status !== 200) throw new Error(`the confirmation was refused: ${await answer.text()}`);
  receiver.received.length = 0;
  return subscription;
}
