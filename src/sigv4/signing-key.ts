import { createHmac, hash } from 'node:crypto';
import { limits } from '../model/limits.ts';
import { type CredentialScope, TERMINATOR } from './authorization.ts';
import { safeEqual } from './safe-equal.ts';

/** The key of one day, region and service: a chain of HMACs from the secret (AWS, "Create a signed request", step 4). */
export function deriveSigningKey(secretAccessKey: string, scope: CredentialScope): Buffer {
  let key = Buffer.from(`AWS4${secretAccessKey}`);
  for (const link of [scope.date, scope.region, scope.service, TERMINATOR]) {
    key = createHmac('sha256', key).update(link).digest();
  }
  return key;
}

interface CachedKey {
  secretDigest: string;
  signingKey: Buffer;
}

/**
 * The signing keys used last, so that a request costs one HMAC instead of five. A key is given out only for the very secret
 * it was derived from: a rotated or recreated access key never meets the key of its old secret.
 */
export class SigningKeyCache {
  readonly #keysMax: number;
  readonly #keys = new Map<string, CachedKey>();

  constructor(keysMax: number = limits.signingKeysCachedMax) {
    this.#keysMax = keysMax;
  }

  /** How many keys are held; never more than the limit. */
  get size(): number {
    return this.#keys.size;
  }

  /** The signing key of an access key for a scope, derived when it is not at hand. */
  keyFor({ accessKeyId, secretAccessKey, scope }: KeyRequest): Buffer {
    // None of these can hold a slash.
    const name = `${accessKeyId}/${scope.date}/${scope.region}/${scope.service}`;
    const secretDigest = hash('sha256', secretAccessKey, 'hex');
    const cached = this.#keys.get(name);
    const fits = cached !== undefined && safeEqual(cached.secretDigest, secretDigest);
    const signingKey = fits ? cached.signingKey : deriveSigningKey(secretAccessKey, scope);
    // A Map keeps the order of insertion: the one used longest ago comes first.
    this.#keys.delete(name);
    this.#keys.set(name, { secretDigest, signingKey });
    if (this.#keys.size > this.#keysMax) this.#dropOldest();
    return signingKey;
  }

  #dropOldest(): void {
    const [oldest] = this.#keys.keys();
    if (oldest !== undefined) this.#keys.delete(oldest);
  }
}

/** Whose signing key is wanted, and for what. */
export interface KeyRequest {
  accessKeyId: string;
  secretAccessKey: string;
  scope: CredentialScope;
}
