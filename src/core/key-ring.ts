import type { KeptKey } from '../metadata/keys.ts';
import { userArn } from '../model/identities.ts';
import { limits } from '../model/limits.ts';
import type { Arrangement } from './arrangement.ts';
import { type Caller, type KnownKey, rootCaller } from './callers.ts';
import { unseal } from './sealing.ts';

interface Remembered {
  key: KnownKey;
  /** By the clock that nobody sets. */
  readAtMs: number;
}

/**
 * The keys that may sign, as the gate asks for them with every request. What was found is remembered for two seconds, so
 * that a change made by another process counts within five; changes through this process clear the ring. Ids that were not
 * found are not remembered: anybody can think of any number of them.
 */
export class KeyRing {
  readonly #given: Arrangement;
  readonly #onUnreadable: (key: { accessKeyId: string }) => void;
  readonly #remembered = new Map<string, Remembered>();
  /** Counts how often the ring was cleared: what was read before must not be remembered after. */
  #clearings = 0;

  /** `onUnreadable` is told of a key whose sealed secret cannot be opened; it is refused like one that is not there. */
  constructor(given: Arrangement, onUnreadable: (key: { accessKeyId: string }) => void) {
    this.#given = given;
    this.#onUnreadable = onUnreadable;
  }

  /** Undefined for an id that may not sign: never made, deleted, or disabled, itself or with its account. */
  async find(accessKeyId: string): Promise<KnownKey | undefined> {
    const nowMs = performance.now();
    const remembered = this.#remembered.get(accessKeyId);
    if (remembered !== undefined && nowMs - remembered.readAtMs < limits.keyCachedMs) return remembered.key;
    const clearings = this.#clearings;
    const key = await this.#read(accessKeyId);
    if (clearings !== this.#clearings) return key;
    this.#remembered.delete(accessKeyId);
    if (key !== undefined) this.#remember(accessKeyId, { key, readAtMs: nowMs });
    return key;
  }

  /** Forgets everything: a key, a user, a policy or an account has changed. */
  clear(): void {
    this.#clearings += 1;
    this.#remembered.clear();
  }

  #remember(accessKeyId: string, found: Remembered): void {
    this.#remembered.set(accessKeyId, found);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > limits.keysCachedMax && oldest !== undefined) this.#remembered.delete(oldest);
  }

  async #read(accessKeyId: string): Promise<KnownKey | undefined> {
    const { metadata, rootKey } = this.#given;
    if (accessKeyId === rootKey.accessKeyId) return this.#rootKey();
    const kept = await metadata.keys.find(accessKeyId);
    if (kept === undefined) return undefined;
    const { sealedSecret, tokenDigest, expiresAtMs } = kept;
    const secretAccessKey = this.#unseal({ accessKeyId, sealedSecret });
    if (secretAccessKey === undefined) {
      this.#onUnreadable({ accessKeyId });
      return undefined;
    }
    return { secretAccessKey, tokenDigest, expiresAtMs, caller: callerOf(accessKeyId, kept) };
  }

  async #rootKey(): Promise<KnownKey | undefined> {
    const { accountId, accessKeyId, secretAccessKey } = this.#given.rootKey;
    const account = await this.#given.metadata.accounts.find(accountId);
    if (account === undefined || account.disabledAtMs !== null) return undefined;
    return { secretAccessKey, tokenDigest: null, expiresAtMs: null, caller: rootCaller({ accessKeyId, accountId }) };
  }

  #unseal(sealed: { accessKeyId: string; sealedSecret: string }): string | undefined {
    const key = this.#given.secretsKey.find();
    return key === undefined ? undefined : unseal(key, sealed);
  }
}

function callerOf(accessKeyId: string, { accountId, user, sessionPolicy, expiresAtMs, createdAtMs }: KeptKey): Caller {
  const root = rootCaller({ accessKeyId, accountId });
  const sessionPolicies = sessionPolicy === null ? [] : [sessionPolicy];
  const session = { sessionPolicies, ...(expiresAtMs === null ? {} : { token: { issuedAtMs: createdAtMs } }) };
  if (user === null) return { ...root, ...session };
  const { id: userId, name: userName, policies } = user;
  const principal = { type: 'user', accountId, arn: userArn({ accountId, name: userName }), userId, userName } as const;
  return { ...root, principal, identityPolicies: policies, ...session };
}
