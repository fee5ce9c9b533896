/** The ends of jobs that a vault can tell of. */
export const NOTIFICATION_EVENTS = ['ArchiveRetrievalCompleted', 'InventoryRetrievalCompleted'] as const;
export type NotificationEvent = (typeof NOTIFICATION_EVENTS)[number];

/** Whom a vault tells, and of what. */
export interface NotificationConfiguration {
  /** The ARN of an SNS topic. */
  topic: string;
  /** In the order they were given, each once. */
  events: readonly NotificationEvent[];
}
