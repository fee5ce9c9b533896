import { randomBytes, randomInt } from 'node:crypto';

/**
 * What identifies and proves who asks, in the forms that Amazon's tools expect. Nothing in an id tells of its account or
 * of when it was made; what has to stay secret holds far more than 128 random bits.
 */
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const ID_RANDOM_LENGTH = 16;
const SECRET_ACCESS_KEY_BYTES = 30;
const SESSION_TOKEN_BYTES = 96;
const ACCOUNT_ID_LENGTH = 12;

/** The first letters of an access key id: of a permanent key and of a temporary one. */
export const PERMANENT = 'AKIA';
export const TEMPORARY = 'ASIA';

/** 20 capital letters and digits, of which 80 bits are random. */
export const newAccessKeyId = (kind: typeof PERMANENT | typeof TEMPORARY): string => `${kind}${base32()}`;

/** 40 characters, 240 random bits. */
export const newSecretAccessKey = (): string => randomBytes(SECRET_ACCESS_KEY_BYTES).toString('base64');

/** 128 characters, 768 random bits. */
export const newSessionToken = (): string => randomBytes(SESSION_TOKEN_BYTES).toString('base64');

/** 20 capital letters and digits; unlike its name, the id of a user never comes again. */
export const newUserId = (): string => `AIDA${base32()}`;

/** Twelve digits. */
export const newAccountId = (): string => String(randomInt(10 ** ACCOUNT_ID_LENGTH)).padStart(ACCOUNT_ID_LENGTH, '0');

function base32(): string {
  // A byte holds a whole number of base32 alphabets, so the remainder is drawn evenly.
  return Array.from(randomBytes(ID_RANDOM_LENGTH), (byte) => BASE32[byte % BASE32.length]).join('');
}
