import type { PublishCommandInput } from '@aws-sdk/client-sns';
import { BOUNDED_REPLIES, boundedReplies } from '../model/bounded-replies.ts';
import { limits } from '../model/limits.ts';
import type { Delivery } from '../model/notices.ts';
import { orEndOf } from '../model/until.ts';
import { type Notifier, TopicRefusal } from './notifier.ts';

/** Who we are, too slow, too much. */
const STATUSES_OF_ENDPOINT = [401, 407, 408, 429];
const FAULTS_OF_ENDPOINT =
  /^Throttl|TooManyRequests|LimitExceeded|Signature|Token|Credential|AccessKey|InvalidSecurity|OptInRequired|UnrecognizedClient|RequestExpired|RequestTimeout|InvalidAction/;
const FIFO = /\.fifo$/;

/**
 * Publishes to an SNS endpoint with credentials from where AWS programs look for them. The SDK is loaded
 * here, so that servers without an endpoint need not wait for it, and tries once: trying again is the outbox's affair.
 */
export function snsNotifier({ endpoint, region }: { endpoint: string; region: string }): Notifier {
  const loading = publisher({ endpoint, region });
  // Whoever delivers is told.
  loading.catch(() => undefined);
  return {
    async deliver({ topic, message, messageId, jobId }: Delivery, signal: AbortSignal): Promise<void> {
      const publish = await loading;
      const ordered = FIFO.test(topic) ? { MessageGroupId: jobId ?? messageId, MessageDeduplicationId: messageId } : {};
      // The SDK does not end a search for credentials that hangs.
      await orEndOf(signal, publish({ TopicArn: topic, Message: message, ...ordered }, signal)).catch(
        (error: unknown) => {
          throw isOfTopic(error) ? new TopicRefusal((error as Error).message, { cause: error }) : error;
        },
      );
    },
  };
}

/**
 * Whether the endpoint is well, and refuses this message or its topic: a client's fault that is neither too much at once
 * nor in how we show who we are, which would meet every message.
 */
function isOfTopic(error: unknown): boolean {
  const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode ?? 0;
  return status >= 400 && status < 500 && !STATUSES_OF_ENDPOINT.includes(status) && !FAULTS_OF_ENDPOINT.test(name);
}

async function publisher(where: { endpoint: string; region: string }) {
  const { PublishCommand, SNSClient } = await import('@aws-sdk/client-sns');
  const client = new SNSClient({ ...where, maxAttempts: 1 });
  client.middlewareStack.add(
    boundedReplies({ bytesMax: limits.deliveryReplyBytesMax, sender: 'SNS' }),
    BOUNDED_REPLIES,
  );
  return (input: PublishCommandInput, signal: AbortSignal) =>
    client.send(new PublishCommand(input), { abortSignal: signal });
}
