import { createHash, randomUUID } from 'node:crypto';
import { invalidParameter, notFound } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { SignatureVersion, Subscription } from '../model/notices.ts';
import { isTopicArn } from '../model/topics.ts';
import { checkedAddresses, parseWebhookUrl } from '../notify/webhook-url.ts';
import type { Arrangement } from './arrangement.ts';

/**
 * Who hears what is published to topics. A topic is nothing but its ARN: it exists wherever a vault or a job names it. A
 * webhook hears nothing before it has confirmed, by a token that only it was sent, that it wants to.
 */
export class Topics {
  readonly #given: Arrangement;
  /** Told when there is a message to deliver. */
  readonly #onMessage: () => void;

  constructor(given: Arrangement, onMessage: () => void) {
    this.#given = given;
    this.#onMessage = onMessage;
  }

  /** Subscribes a webhook, which is asked to confirm. Throws GlacierError when it may not be there. */
  async subscribe(asked: { topic: string; url: string; signatureVersion: SignatureVersion }): Promise<Subscription> {
    const { metadata, clock, notices } = this.#given;
    const { topic, url, signatureVersion } = asked;
    if (!isTopicArn(topic)) throw invalidParameter(`Invalid topic ARN: ${topic}`);
    await checkedAddresses(parseWebhookUrl(url), notices);
    const { confirmationToken } = await notices.signingKey();
    const arn = `${topic}:${randomUUID()}`;
    const outcome = await metadata.subscriptions.create({
      arn,
      topic,
      url,
      signatureVersion,
      createdAtMs: clock.nowMs(),
      tokenDigest: digestOf(confirmationToken(arn)),
      confirmation: { messageId: randomUUID(), message: invitationTo(topic) },
      subscriptionsMax: limits.subscriptionsMax,
    });
    if (outcome === 'known') throw invalidParameter(`The topic ${topic} has a subscription of this URL already.`);
    if (outcome === 'too-many') {
      throw invalidParameter(
        `There are ${limits.subscriptionsMax} subscriptions already, which is the most there can be.`,
      );
    }
    this.#onMessage();
    return this.#require({ topic, arn });
  }

  /** Confirms the subscription that the token was sent for. Repeating it is no error. */
  async confirm({ topic, token }: { topic: string; token: string }): Promise<Subscription> {
    const confirmed = await this.#given.metadata.subscriptions.confirm({
      topic,
      tokenDigest: digestOf(token),
      nowMs: this.#given.clock.nowMs(),
    });
    if (confirmed === undefined) throw invalidParameter('Invalid token');
    return confirmed;
  }

  /** All subscriptions, or those of a topic, oldest first. */
  async list({ topic = null }: { topic?: string | null } = {}): Promise<Subscription[]> {
    return this.#given.metadata.subscriptions.list({ topic });
  }

  /** Ends a subscription; what is on its way to it is dropped. */
  async unsubscribe({ arn }: { arn: string }): Promise<void> {
    if (!(await this.#given.metadata.subscriptions.delete(arn))) throw notFound(`Subscription not found: ${arn}`);
  }

  /** The certificate that messages to webhooks are signed with, made if there is none yet. */
  async certificate(): Promise<{ fingerprint: string; certificatePem: string }> {
    const { fingerprint, certificatePem } = await this.#given.notices.signingKey();
    return { fingerprint, certificatePem };
  }

  /** The same, for those who may not make one: undefined when there is none yet. */
  async findCertificate(): Promise<{ fingerprint: string; certificatePem: string } | undefined> {
    return this.#given.notices.findSigningKey();
  }

  async #require({ topic, arn }: { topic: string; arn: string }): Promise<Subscription> {
    const found = (await this.list({ topic })).find((subscription) => subscription.arn === arn);
    if (found === undefined) throw notFound(`Subscription not found: ${arn}`);
    return found;
  }
}

/** Tokens are long and random, so that their digest needs no salt. */
const digestOf = (token: string): string => createHash('sha256').update(token).digest('hex');

const invitationTo = (topic: string): string =>
  `This URL was subscribed to the topic ${topic}.\nTo confirm the subscription, visit the SubscribeURL of this message.`;
