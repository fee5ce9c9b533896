import {
  createHmac,
  createPrivateKey,
  generateKeyPair,
  hkdfSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { writeFileDurably } from '../config/durable.ts';
import { ConfigError } from '../config/errors.ts';
import { hasPrivateFile } from '../config/private-file.ts';
import type { Clock } from '../model/clock.ts';
import type { SignatureVersion } from '../model/notices.ts';
import { selfSignedCertificate } from './certificate.ts';

/** What makes the messages of webhooks ours: a key of this server, kept as long as its data directory. */
export interface SigningKey {
  /** Names the certificate in its URL; receivers pin it. 32 hexadecimal digits. */
  fingerprint: string;
  certificatePem: string;
  /** The signature of a text, in base64. */
  sign(text: string, version: SignatureVersion): Promise<string>;
  /** What a receiver must show to confirm a subscription: 256 bits that nobody can work out without the key. */
  confirmationToken(subscriptionArn: string): string;
}

/** Where the key is kept. */
export interface SigningKeyFile {
  find(): Promise<SigningKey | undefined>;
  findOrMake(): Promise<SigningKey>;
}

const MODULUS_BITS = 2048;
const COMMON_NAME = 'Moraine notifications';
const FINGERPRINT_DIGITS = 32;
const TOKEN_KEY_BYTES = 32;
const ALGORITHMS: Record<SignatureVersion, string> = { '1': 'sha1', '2': 'sha256' };
const signInBackground = promisify(sign) as (algorithm: string, text: Buffer, key: KeyObject) => Promise<Buffer>;

/**
 * The key in the file at `path`, read when it is first asked for; without a file it is made, with its certificate, and
 * written there. A file that cannot be understood is an error, and is never overwritten: receivers may have pinned its key.
 */
export function signingKeyIn({ path, clock }: { path: string; clock: Clock }): SigningKeyFile {
  let loading: Promise<SigningKey> | undefined;
  let made: Promise<string> | undefined;
  const loadOrMake = async (): Promise<SigningKey> => {
    if (!hasPrivateFile(path)) {
      // Making it costs much more than writing it, which is tried again with the same one when it fails.
      made ??= makeFile(clock);
      writeFileDurably(path, await made);
    }
    made = undefined;
    return load(path);
  };
  const findOrMake = (): Promise<SigningKey> => {
    loading ??= loadOrMake().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  return {
    findOrMake,
    find: async () => (loading !== undefined || hasPrivateFile(path) ? findOrMake() : undefined),
  };
}

function load(path: string): SigningKey {
  try {
    const pem = readFileSync(path, 'utf8');
    const [key, certificate] = [createPrivateKey(pem), new X509Certificate(pem)];
    if (!certificate.checkPrivateKey(key)) throw new Error('the certificate is not that of the key');
    return toSigningKey(key, certificate);
  } catch (cause) {
    throw new ConfigError(`the signing key in ${path} cannot be used: ${(cause as Error).message}`, { cause });
  }
}

async function makeFile(clock: Clock): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: MODULUS_BITS });
  const certificate = selfSignedCertificate(privateKey, { commonName: COMMON_NAME, nowMs: clock.nowMs() });
  return `${privateKey.export({ type: 'pkcs8', format: 'pem' })}${certificate}`;
}

function toSigningKey(key: KeyObject, certificate: X509Certificate): SigningKey {
  const secret = key.export({ type: 'pkcs8', format: 'der' });
  const tokenKey = Buffer.from(hkdfSync('sha256', secret, '', 'confirmation tokens', TOKEN_KEY_BYTES));
  return {
    fingerprint: certificate.fingerprint256.replaceAll(':', '').slice(0, FINGERPRINT_DIGITS).toLowerCase(),
    certificatePem: certificate.toString(),
    sign: async (text, version) =>
      (await signInBackground(ALGORITHMS[version], Buffer.from(text), key)).toString('base64'),
    confirmationToken: (arn) => createHmac('sha256', tokenKey).update(arn).digest('hex'),
  };
}
