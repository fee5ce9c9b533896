/**
 * The addresses of Moraine's pages that messages name. They stand on what the operator set, never on what a request said.
 */
export interface Links {
  confirm(confirmation: { topic: string; token: string }): string;
  unsubscribe(subscriptionArn: string): string;
  certificate(fingerprint: string): string;
}

/** Where the pages are below the public URL. */
export const TOPIC_PAGES = '/sns/';
/** The name is the one that receivers know from Amazon. */
export const certificateFileName = (fingerprint: string): string => `SimpleNotificationService-${fingerprint}.pem`;

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
