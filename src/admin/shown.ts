import type { ShownKey } from '../core/key-minting.ts';
import type { ListedKey } from '../core/keys.ts';
import type { Account, User } from '../model/identities.ts';
import { formatInstant } from '../model/instants.ts';
import type { Subscription } from '../model/notices.ts';

/** Accounts, users, keys and subscriptions as answers show them. */
const instant = (atMs: number | null): string | null => (atMs === null ? null : formatInstant(atMs));

export const shownAccount = ({ accountId, name, createdAtMs, disabledAtMs }: Account) => ({
  accountId,
  name,
  createdAt: formatInstant(createdAtMs),
  disabledAt: instant(disabledAtMs),
});

export const shownUser = ({ accountId, name, userId, arn, createdAtMs }: User) => ({
  accountId,
  name,
  userId,
  arn,
  createdAt: formatInstant(createdAtMs),
});

/** `origin` says where the key is kept: in the database, or outside for the root key that the server is started with. */
export const shownKey = (key: ListedKey) => ({
  accessKeyId: key.accessKeyId,
  accountId: key.accountId,
  user: key.user,
  createdAt: instant(key.createdAtMs),
  expiresAt: instant(key.expiresAtMs),
  disabledAt: instant(key.disabledAtMs),
  hasSessionPolicy: key.hasSessionPolicy,
  origin: key.origin,
});

/** The one time that a secret is shown. */
export const shownNewKey = ({ accessKeyId, secretAccessKey, sessionToken, expiresAtMs }: ShownKey) => ({
  accessKeyId,
  secretAccessKey,
  sessionToken: sessionToken ?? null,
  expiresAt: instant(expiresAtMs ?? null),
});

export const shownSubscription = ({ arn, topic, url, signatureVersion, createdAtMs, confirmedAtMs }: Subscription) => ({
  arn,
  topic,
  url,
  signatureVersion,
  createdAt: formatInstant(createdAtMs),
  confirmedAt: instant(confirmedAtMs),
});
