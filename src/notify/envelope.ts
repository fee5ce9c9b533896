import { formatInstant } from '../model/instants.ts';
import type { Delivery, Subscription } from '../model/notices.ts';
import type { Links } from './links.ts';
import type { SigningKey } from './signing-key.ts';

/** A POST in the format of Amazon SNS for HTTP and HTTPS endpoints (SNS developer guide, "Parsing message formats"). */
export interface Envelope {
  headers: Record<string, string>;
  body: string;
}

type Members = Record<string, string>;

/**
 * Puts a message into its envelope and signs it as of `nowMs`. The instant is that of the attempt, so that a receiver can
 * refuse what is old: a recorded message cannot be played again later.
 */
export async function sealed(
  delivery: Delivery & { subscription: Subscription },
  { key, links, nowMs }: { key: SigningKey; links: Links; nowMs: number },
): Promise<Envelope> {
  const { messageId, topic, message, kind, subscription } = delivery;
  const type = kind === 'confirmation' ? 'SubscriptionConfirmation' : 'Notification';
  const signed: Members = {
    Type: type,
    MessageId: messageId,
    TopicArn: topic,
    Message: message,
    ...(kind === 'confirmation' ? invitation({ topic, token: key.confirmationToken(subscription.arn), links }) : {}),
    Timestamp: formatInstant(nowMs),
  };
  const members: Members = {
    ...signed,
    SignatureVersion: subscription.signatureVersion,
    Signature: await key.sign(textToSign(signed), subscription.signatureVersion),
    SigningCertURL: links.certificate(key.fingerprint),
    ...(kind === 'notification' ? { UnsubscribeURL: links.unsubscribe(subscription.arn) } : {}),
  };
  return { headers: headersOf({ messageId, topic, type, subscription }), body: JSON.stringify(members) };
}

/** What only a confirmation has: where its receiver says yes, and the proof that it was asked. */
const invitation = ({ topic, token, links }: { topic: string; token: string; links: Links }): Members => ({
  Token: token,
  SubscribeURL: links.confirm({ topic, token }),
});

/** Every member that is signed, name and value on a line each, in alphabetical order. */
const textToSign = (signed: Members): string =>
  Object.keys(signed)
    .sort()
    .map((name) => `${name}\n${signed[name]}\n`)
    .join('');

function headersOf({
  messageId,
  topic,
  type,
  subscription,
}: {
  messageId: string;
  topic: string;
  type: string;
  subscription: Subscription;
}): Record<string, string> {
  return {
    'x-amz-sns-message-type': type,
    'x-amz-sns-message-id': messageId,
    'x-amz-sns-topic-arn': topic,
    ...(type === 'Notification' ? { 'x-amz-sns-subscription-arn': subscription.arn } : {}),
    'Content-Type': 'text/plain; charset=UTF-8',
    'User-Agent': 'Moraine',
  };
}
