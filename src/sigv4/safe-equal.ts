import { timingSafeEqual } from 'node:crypto';

/**
 * Whether two secrets (signatures, tokens, cookies, lock ids) are the same, in a time that tells nothing about where they
 * differ. The only way secrets are compared. The length is not a secret.
 */
export function safeEqual(a: string | Uint8Array, b: string | Uint8Array): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
