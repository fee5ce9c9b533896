import { invalidParameter, missingParameter } from '../model/errors.ts';
import { NOTIFICATION_EVENTS, type NotificationConfiguration, type NotificationEvent } from '../model/notifications.ts';
import { type Json, texts, topicArn } from './json-members.ts';

/** Reads the body of SetVaultNotifications. An event that is named twice counts once. */
export function parseNotificationConfiguration(body: Json = {}): NotificationConfiguration {
  const topic = topicArn(body, 'SNSTopic');
  if (topic === null) throw missingParameter('SNSTopic');
  const named = texts(body, 'Events') ?? [];
  if (named.length === 0) throw missingParameter('Events');
  return { topic, events: [...new Set(named.map(eventNamed))] };
}

function eventNamed(name: string): NotificationEvent {
  const event = NOTIFICATION_EVENTS.find((known) => known === name);
  if (event !== undefined) return event;
  throw invalidParameter(`Invalid Events: ${name}. They must be out of ${NOTIFICATION_EVENTS.join(', ')}.`);
}
