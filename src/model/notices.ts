import type { Job } from './jobs.ts';
import type { NotificationEvent } from './notifications.ts';

/** The event by which a vault tells of the end of a job, whether it succeeded or failed; null where there is none. */
export const END_EVENTS: Record<Job['kind'], NotificationEvent | null> = {
  'archive-retrieval': 'ArchiveRetrievalCompleted',
  'inventory-retrieval': 'InventoryRetrievalCompleted',
  select: null,
};

/** Which hash a webhook's messages are signed over: '2' is SHA-256, '1' is SHA-1, the only one that old receivers know. */
export const SIGNATURE_VERSIONS = ['1', '2'] as const;
export type SignatureVersion = (typeof SIGNATURE_VERSIONS)[number];

/** A webhook that hears what is published to a topic, once it has confirmed that it wants to. */
export interface Subscription {
  key: number;
  arn: string;
  topic: string;
  url: string;
  signatureVersion: SignatureVersion;
  createdAtMs: number;
  /** Null while the confirmation is awaited. */
  confirmedAtMs: number | null;
}

/** A message on its way to one receiver. */
export interface Delivery {
  key: number;
  /** The same for every receiver of one publication, and at every attempt. */
  messageId: string;
  /** A confirmation asks the receiver whether it wants the subscription. */
  kind: 'notification' | 'confirmation';
  topic: string;
  /** The job that a notification is about. */
  jobId: string | null;
  message: string;
  createdAtMs: number;
  /** How often it has been claimed. */
  attempts: number;
  /** The webhook it goes to; null when it goes to the SNS endpoint. */
  subscription: Subscription | null;
}

/** Proof that a worker holds a delivery until an instant; writing its end needs it. */
export interface DeliveryLease {
  deliveryKey: number;
  token: string;
}
