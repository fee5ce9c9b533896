import type { Clock } from '../model/clock.ts';
import type { Delivery } from '../model/notices.ts';
import { orEndOf } from '../model/until.ts';
import type { AddressRules } from './addresses.ts';
import { sealed } from './envelope.ts';
import type { Links } from './links.ts';
import type { Notifier } from './notifier.ts';
import { post } from './post.ts';
import type { SigningKey } from './signing-key.ts';
import { checkedAddresses, type Lookup, parseWebhookUrl } from './webhook-url.ts';

export interface WebhookOptions {
  signingKey: () => Promise<SigningKey>;
  links: Links;
  rules: AddressRules;
  lookup: Lookup;
  clock: Clock;
}

/** Posts messages to the URLs of subscriptions, as SNS does. A status of 2xx says that the message was taken. */
export function webhookNotifier({ signingKey, links, rules, lookup, clock }: WebhookOptions): Notifier {
  return {
    async deliver(delivery: Delivery, signal: AbortSignal): Promise<void> {
      const { subscription } = delivery;
      if (subscription === null) throw new Error('a delivery to the SNS endpoint is not for a webhook');
      // Once more, because a network may have been taken off the list since the subscription.
      const url = parseWebhookUrl(subscription.url);
      const addresses = await orEndOf(signal, checkedAddresses(url, { rules, lookup }));
      const key = await signingKey();
      const envelope = await sealed({ ...delivery, subscription }, { key, links, nowMs: clock.nowMs() });
      const status = await post(url, { ...envelope, addresses, signal });
      if (status < 200 || status > 299) throw new Error(`the receiver answered ${status}`);
    },
  };
}
