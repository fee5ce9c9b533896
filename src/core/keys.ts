import { AdminError } from '../model/errors.ts';
import type { AccessKey } from '../model/identities.ts';
import { HOUR_MS, limits, MINUTE_MS } from '../model/limits.ts';
import { compilePolicy } from '../policy/compile.ts';
import { noAccount } from './accounts.ts';
import type { Arrangement } from './arrangement.ts';
import { mintAndKeep, type ShownKey, type Temporary } from './key-minting.ts';
import type { KeyRing } from './key-ring.ts';
import { noUser } from './users.ts';

/** An access key as it is listed, with where it is kept. */
export interface ListedKey extends AccessKey {
  origin: string;
}

/** Whose keys are meant: an account's root or one of its users. */
export interface KeyWish {
  accountId: string;
  /** A name; without one the key is for the root of the account. */
  user?: string;
  /** Makes the key a temporary one, which needs its session token. */
  expiresInMs?: number;
  /** Of a temporary key: a policy that narrows what it may do. */
  sessionPolicy?: string;
}

const IN_DATABASE = 'database';
const KEY_LIMITS = { permanentMax: limits.permanentKeysMax, temporaryMax: limits.temporaryKeysMax };

/**
 * The access keys, for operators: permanent ones and temporary credentials. Secrets are returned by the call that makes
 * them and by no other. Every method throws AdminError for what cannot be done.
 */
export class Keys {
  readonly #given: Arrangement;
  readonly #keyRing: KeyRing;

  constructor(given: Arrangement, keyRing: KeyRing) {
    this.#given = given;
    this.#keyRing = keyRing;
  }

  /** Makes a key. GlacierError for a session policy that cannot be enforced. */
  async create(wish: KeyWish): Promise<ShownKey> {
    const { accountId, user } = wish;
    const { metadata } = this.#given;
    const { outcome, key } = await mintAndKeep(this.#given, temporaryPart(wish), (made) =>
      metadata.keys.create({ key: made, accountId, user: user ?? null, ...KEY_LIMITS }),
    );
    if (outcome === 'no account') throw noAccount(accountId);
    if (outcome === 'no user') throw noUser({ accountId, name: user ?? '' });
    if (outcome === 'full') throw full(wish.expiresInMs === undefined ? 'permanent' : 'temporary');
    return key;
  }

  /** Keys by account and age, without their secrets; the root key that the server started with comes first. */
  async list(wanted: { accountId?: string; user?: string } = {}): Promise<ListedKey[]> {
    const { metadata, rootKey } = this.#given;
    await this.#checkOwner(wanted);
    const kept = (await metadata.keys.list(wanted)).map((key) => ({ ...key, origin: IN_DATABASE }));
    const { accountId = rootKey.accountId, user } = wanted;
    if (accountId !== rootKey.accountId || user !== undefined) return kept;
    const first: ListedKey = {
      accessKeyId: rootKey.accessKeyId,
      accountId,
      user: null,
      createdAtMs: null,
      expiresAtMs: null,
      disabledAtMs: null,
      hasSessionPolicy: false,
      origin: rootKey.origin,
    };
    return [first, ...kept];
  }

  /** From now on the key does not sign. */
  async disable(key: { accessKeyId: string }): Promise<void> {
    const change = this.#changeOf(key);
    const outcome = await this.#given.metadata.keys.disable({ ...change, nowMs: this.#given.clock.nowMs() });
    this.#settle(outcome, change);
  }

  async enable(key: { accessKeyId: string }): Promise<void> {
    const change = this.#changeOf(key);
    const found = await this.#given.metadata.keys.enable(change.accessKeyId);
    this.#settle(found ? 'enabled' : 'unknown', change);
  }

  /** Makes another key for whoever has this one, and disables this one in the same moment. */
  async rotate(asked: { accessKeyId: string }): Promise<ShownKey> {
    const change = this.#changeOf(asked);
    const { accessKeyId } = change;
    const { outcome, key } = await mintAndKeep(this.#given, undefined, (made) =>
      this.#given.metadata.keys.rotate({ accessKeyId, key: made, ...KEY_LIMITS }),
    );
    this.#settle(outcome, change);
    if (outcome === 'full') throw full('permanent');
    if (outcome === 'temporary') {
      throw new AdminError(`the key ${accessKeyId} is temporary and cannot be rotated; make another one`);
    }
    if (outcome === 'disabled') {
      throw new AdminError(`the key ${accessKeyId} is disabled; enable it before it is rotated, or make another one`);
    }
    return key;
  }

  async delete(key: { accessKeyId: string }): Promise<void> {
    const change = this.#changeOf(key);
    this.#settle(await this.#given.metadata.keys.delete(change), change);
  }

  async #checkOwner({ accountId = this.#given.rootKey.accountId, user }: { accountId?: string; user?: string }) {
    const { accounts, users } = this.#given.metadata;
    if ((await accounts.find(accountId)) === undefined) throw noAccount(accountId);
    const owner = { accountId, name: user ?? '' };
    if (user !== undefined && (await users.findByName(owner)) === undefined) throw noUser(owner);
  }

  /** What a change of a key must not do without. */
  #changeOf({ accessKeyId }: { accessKeyId: string }) {
    const { rootKey } = this.#given;
    if (accessKeyId === rootKey.accessKeyId) {
      throw new AdminError(
        `the key ${accessKeyId} is the root key that the server started with, from ${rootKey.origin}; ` +
          'change it there and start the server again',
      );
    }
    return { accessKeyId, rootElsewhere: rootKey.accountId };
  }

  /** Forgets what is cached, whatever came of the change, and throws for what all of them may meet. */
  #settle(outcome: string, { accessKeyId }: { accessKeyId: string }): void {
    this.#keyRing.clear();
    if (outcome === 'unknown') throw new AdminError(`there is no key ${accessKeyId}`);
    if (outcome !== 'last') return;
    throw new AdminError(
      `the key ${accessKeyId} is the last root key of its account that may sign; make another one before`,
    );
  }
}

function temporaryPart({ expiresInMs, sessionPolicy }: KeyWish): Temporary | undefined {
  if (expiresInMs === undefined) {
    if (sessionPolicy === undefined) return undefined;
    throw new AdminError('only a temporary key can have a session policy; say when it expires');
  }
  const { temporaryKeyMsMin: min, temporaryKeyMsMax: max } = limits;
  if (!Number.isSafeInteger(expiresInMs) || expiresInMs < min || expiresInMs > max) {
    throw new AdminError(`a temporary key lives ${min / MINUTE_MS} minutes to ${max / HOUR_MS} hours`);
  }
  if (sessionPolicy !== undefined) compilePolicy(sessionPolicy, { kind: 'identity' });
  return { expiresInMs, sessionPolicy };
}

function full(kind: 'permanent' | 'temporary'): AdminError {
  const most = kind === 'permanent' ? limits.permanentKeysMax : limits.temporaryKeysMax;
  return new AdminError(`nobody may have more than ${most} ${kind} keys, disabled ones included; delete one first`);
}
