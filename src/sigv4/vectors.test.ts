import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAuthorization } from './authorization.ts';
import type { HeaderPair } from './headers.ts';
import { pathSegments, splitTarget } from './path.ts';
import { canonicalQuery } from './query.ts';
import { canonicalRequest, signatureOf, stringToSign, verifySignature } from './signature.ts';
import { deriveSigningKey } from './signing-key.ts';

interface Case {
  name: string;
  form: 'header' | 'query';
  /** Whether the path is normalised, as everywhere outside S3; the API always does. */
  normalized: boolean;
  /** The session token was added to the query after signing. */
  tokenUnsigned?: true;
  method: string;
  target: string;
  headers: HeaderPair[];
  payload?: string;
  payloadHash: string;
  canonicalRequest?: string;
  canonicalRequestHash?: string;
  signature: string;
}

interface Fixture {
  secrets: Record<string, string>;
  suite: Case[];
  botocore: Case[];
  glacier: Case[];
}

const fixture: Fixture = JSON.parse(readFileSync(new URL('../../test/fixtures/sigv4.json', import.meta.url), 'utf8'));

/** One character per byte, as Node hands text over. */
const wire = (text: string): string => Buffer.from(text).toString('latin1');

const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString();

const keyFor = (accessKeyId: string, scope: { date: string; region: string; service: string }): Buffer =>
  deriveSigningKey(fixture.secrets[accessKeyId]!, scope);

function expectCanonical(known: Case, canonical: string): void {
  if (known.canonicalRequest !== undefined) expect(utf8(canonical)).toBe(known.canonicalRequest);
  if (known.canonicalRequestHash !== undefined) {
    expect(hash('sha256', canonical)).toBe(known.canonicalRequestHash);
  }
}

function verifyHeaderForm(known: Case): void {
  const { path, query } = splitTarget(wire(known.target));
  const segments = known.normalized ? pathSegments(path) : path.slice(1).split('/');
  const headers = known.headers.map(([name, value]): HeaderPair => [name, wire(value)]);
  const headerValue = (wanted: string): string => headers.find(([name]) => name.toLowerCase() === wanted)![1];
  const authorization = parseAuthorization(headerValue('authorization'));
  const { method, payloadHash } = known;
  const { accessKeyId, scope, signedHeaders } = authorization;
  const parts = { method, segments, headers, payloadHash };
  expectCanonical(known, canonicalRequest({ ...parts, query: canonicalQuery(query), signedHeaders }));
  expect(authorization.signature).toBe(known.signature);
  const signingKey = keyFor(accessKeyId, scope);
  const amzDate = headerValue('x-amz-date');
  expect(verifySignature({ ...parts, query, amzDate, authorization, signingKey })).toEqual({ ok: true });
}

/** The API refuses signatures in the query; their cases go through the same building blocks all the same. */
function verifyQueryForm(known: Case): void {
  const { path, query } = splitTarget(wire(known.target));
  const segments = known.normalized ? pathSegments(path) : path.slice(1).split('/');
  const parameters = new URLSearchParams(query);
  const [accessKeyId, date, region, service] = parameters.get('X-Amz-Credential')!.split('/') as [string, ...string[]];
  const scope = { date: date!, region: region!, service: service! };
  const unsigned = ['X-Amz-Signature', ...(known.tokenUnsigned ? ['X-Amz-Security-Token'] : [])];
  const signedQuery = query.split('&').filter((piece) => !unsigned.includes(piece.split('=')[0]!));
  const canonical = canonicalRequest({
    method: known.method,
    segments,
    query: canonicalQuery(signedQuery.join('&')),
    headers: known.headers,
    signedHeaders: parameters.get('X-Amz-SignedHeaders')!.split(';'),
    payloadHash: known.payloadHash,
  });
  expectCanonical(known, canonical);
  const toSign = stringToSign({ amzDate: parameters.get('X-Amz-Date')!, scope, canonicalRequest: canonical });
  const signature = signatureOf(keyFor(accessKeyId, scope), toSign);
  expect(signature).toBe(known.signature);
  expect(signature).toBe(parameters.get('X-Amz-Signature'));
}

test('the fixture is whole', () => {
  expect([fixture.suite.length, fixture.botocore.length, fixture.glacier.length]).toEqual([76, 3, 2]);
  expect(new Set(fixture.suite.map(({ name, form }) => `${name} ${form}`)).size).toBe(76);
  expect(fixture.suite.filter(({ form }) => form === 'header').length).toBe(38);
});

describe('the suite of the AWS libraries', () => {
  test.each(fixture.suite)('S-25 $name, $form form', (known) => {
    if (known.form === 'header') verifyHeaderForm(known);
    else verifyQueryForm(known);
  });
});

test.each(fixture.botocore)('botocore: $name', verifyHeaderForm);

test.each(fixture.glacier)('Glacier developer guide: $name', (known) => {
  if (known.payload !== undefined) expect(hash('sha256', known.payload)).toBe(known.payloadHash);
  verifyHeaderForm(known);
});
