import type { Delivery, Subscription } from '../../src/model/notices.ts';

export const TOPIC = 'arn:aws:sns:us-east-1:111122223333:done';

export const subscriptionTo = (url: string, differences: Partial<Subscription> = {}): Subscription => ({
  key: 1,
  arn: `${TOPIC}:6a2f0f5e-0c5e-4c0e-8d6f-1f6f5a2b3c4d`,
  topic: TOPIC,
  url,
  signatureVersion: '2',
  createdAtMs: 0,
  confirmedAtMs: 0,
  ...differences,
});

/** A notification; what a test is about, it changes. */
export const delivery = (differences: Partial<Delivery> = {}): Delivery => ({
  key: 1,
  messageId: '0b0e5d0c-7f57-4a2f-9a3f-0f8f3f1d2c3b',
  kind: 'notification',
  topic: TOPIC,
  jobId: 'job',
  message: '{"Completed":true,"JobDescription":"ü\\n"}',
  createdAtMs: 0,
  attempts: 1,
  subscription: null,
  ...differences,
});
