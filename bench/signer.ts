import { createHash } from 'node:crypto';
import { formatAmzDate } from '../src/sigv4/amz-date.ts';
import { ALGORITHM, scopeText } from '../src/sigv4/authorization.ts';
import { pathSegments } from '../src/sigv4/path.ts';
import { canonicalQuery } from '../src/sigv4/query.ts';
import { canonicalRequest, signatureOf, stringToSign } from '../src/sigv4/signature.ts';
import { SigningKeyCache } from '../src/sigv4/signing-key.ts';
import { ACCESS_KEY } from './servers.ts';

const EMPTY_HASH = createHash('sha256').digest('hex');
const keys = new SigningKeyCache();

export interface Outgoing {
  method: string;
  /** Path and query, encoded. */
  target: string;
  /** The URL of the server. */
  url: string;
  headers?: Record<string, string>;
  /** SHA-256 of the body, hexadecimal; left out for none. */
  payloadHash?: string;
}

/** The text of a request's head, signed with Signature V4 for this second. */
export function signedHead({ method, target, url, headers = {}, payloadHash = EMPTY_HASH }: Outgoing): string {
  const amzDate = formatAmzDate(Date.now());
  const scope = { date: amzDate.slice(0, 8), region: 'us-east-1', service: 'glacier' };
  const [path = '', query = ''] = target.split('?');
  const all: Record<string, string> = {
    host: new URL(url).host,
    'x-amz-content-sha256': payloadHash,
    'x-amz-date': amzDate,
    'x-amz-glacier-version': '2012-06-01',
    ...headers,
  };
  const signedHeaders = Object.keys(all).sort();
  const canonical = canonicalRequest({
    method,
    segments: pathSegments(path),
    query: canonicalQuery(query),
    headers: Object.entries(all),
    signedHeaders,
    payloadHash,
  });
  const signature = signatureOf(
    keys.keyFor({ ...ACCESS_KEY, scope }),
    stringToSign({ amzDate, scope, canonicalRequest: canonical }),
  );
  const credential = `Credential=${ACCESS_KEY.accessKeyId}/${scopeText(scope)}`;
  const authorization = `${ALGORITHM} ${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
  const lines = Object.entries({ ...all, authorization }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
