import { z } from 'zod';
import { SIGNATURE_VERSIONS } from '../../model/notices.ts';
import { adminCommand } from '../command.ts';
import { shownSubscription } from '../shown.ts';

/** Webhooks that hear what is published to topics. */
export const topicCommands = {
  'topics.subscribe': adminCommand({
    input: z.strictObject({
      topic: z.string(),
      url: z.string(),
      signatureVersion: z.enum(SIGNATURE_VERSIONS).default('2'),
    }),
    mutating: true,
    // It may hold a password or a token of its receiver.
    secrets: ['url'],
    run: async ({ core }, asked) => shownSubscription(await core.topics.subscribe(asked)),
  }),
  'topics.list': adminCommand({
    input: z.strictObject({ topic: z.string().exactOptional() }),
    mutating: false,
    run: async ({ core }, asked) => ({ subscriptions: (await core.topics.list(asked)).map(shownSubscription) }),
  }),
  'topics.confirm': adminCommand({
    input: z.strictObject({ topic: z.string(), token: z.string() }),
    mutating: true,
    secrets: ['token'],
    run: async ({ core }, asked) => shownSubscription(await core.topics.confirm(asked)),
  }),
  'topics.unsubscribe': adminCommand({
    input: z.strictObject({ arn: z.string() }),
    mutating: true,
    run: async ({ core }, { arn }) => {
      await core.topics.unsubscribe({ arn });
      return { arn, unsubscribed: true };
    },
  }),
  'topics.certificate': adminCommand({
    input: z.strictObject({}),
    mutating: false,
    run: ({ core }) => core.topics.certificate(),
  }),
};
