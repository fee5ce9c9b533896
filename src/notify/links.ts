import { certificateFileName, TOPIC_PAGES } from '../model/topics.ts';

/**
 * The addresses of Moraine's pages that messages name. They stand on what the operator set, never on what a request said.
 */
export interface Links {
  confirm(confirmation: { topic: string; token: string }): string;
  unsubscribe(subscriptionArn: string): string;
  certificate(fingerprint: string): string;
}

/** `publicUrl` has no slash at its end. */
export function linksBelow(publicUrl: string): Links {
  const page = `${publicUrl}${TOPIC_PAGES}`;
  const query = (members: Record<string, string>): string => `${page}?${new URLSearchParams(members)}`;
  return {
    confirm: ({ topic, token }) => query({ Action: 'ConfirmSubscription', TopicArn: topic, Token: token }),
    unsubscribe: (arn) => query({ Action: 'Unsubscribe', SubscriptionArn: arn }),
    certificate: (fingerprint) => `${page}${certificateFileName(fingerprint)}`,
  };
}
