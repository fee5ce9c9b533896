import { createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { MINUTE_MS } from '../model/limits.ts';

/**
 * A self-signed certificate for a key (RFC 5280), the only one that Moraine ever makes: receivers of webhooks take the
 * public key from it. Node reads certificates and writes none, so the few lines of DER are here
 * (docs/decisions/008-own-signing-certificate.md).
 */
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;

const VERSION_3 = Buffer.from([2]);
const TRUE = Buffer.from('0101ff', 'hex');
const SHA256_WITH_RSA = Buffer.from('300d06092a864886f70d01010b0500', 'hex');
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const KEY_USAGE = Buffer.from('0603551d0f', 'hex');
const BASIC_CONSTRAINTS = Buffer.from('0603551d13', 'hex');
/** The first bit: digitalSignature. */
const DIGITAL_SIGNATURE = Buffer.from([7, 0x80]);
const NO_AUTHORITY = Buffer.alloc(0);
/** What RFC 5280 prescribes for a certificate that has no end. */
const NEVER_MS = Date.parse('9999-12-31T23:59:59Z');
const FIRST_GENERALIZED_MS = Date.parse('2050-01-01T00:00:00Z');
const SERIAL_BYTES = 16;
/** Receivers whose clocks are a little behind must not find it to be of the future. */
const CLOCK_LAG_MS = 60 * MINUTE_MS;

/** The certificate of an RSA key in PEM, valid from shortly before `nowMs` for ever. */
export function selfSignedCertificate(key: KeyObject, { commonName, nowMs }: { commonName: string; nowMs: number }) {
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from(commonName)))));
  const toBeSigned = der(
    SEQUENCE,
    der(VERSION, der(INTEGER, VERSION_3)),
    der(INTEGER, serial()),
    SHA256_WITH_RSA,
    name,
    der(SEQUENCE, instant(nowMs - CLOCK_LAG_MS), instant(NEVER_MS)),
    name,
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    der(
      EXTENSIONS,
      der(
        SEQUENCE,
        der(SEQUENCE, BASIC_CONSTRAINTS, TRUE, der(OCTET_STRING, der(SEQUENCE, NO_AUTHORITY))),
        der(SEQUENCE, KEY_USAGE, TRUE, der(OCTET_STRING, der(BIT_STRING, DIGITAL_SIGNATURE))),
      ),
    ),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', toBeSigned, key)]);
  return pem(der(SEQUENCE, toBeSigned, SHA256_WITH_RSA, der(BIT_STRING, signature)));
}

/** A positive number whose first byte is not zero. */
function serial(): Buffer {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

/** With a year of two digits until 2049, as RFC 5280 demands, and of four digits later. */
function instant(atMs: number): Buffer {
  const text = `${new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
  if (atMs >= FIRST_GENERALIZED_MS) return der(GENERALIZED_TIME, Buffer.from(text));
  return der(UTC_TIME, Buffer.from(text.slice(2)));
}

function der(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content), content]);
}

function lengthOf({ length }: Buffer): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = Buffer.from(length.toString(16).padStart(4, '0'), 'hex');
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
