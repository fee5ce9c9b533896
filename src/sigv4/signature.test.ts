import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tries } from '../../test/support/tries.ts';
import { GlacierError } from '../model/errors.ts';
import { parseAuthorization } from './authorization.ts';
import type { HeaderPair } from './headers.ts';
import { pathSegments, splitTarget } from './path.ts';
import { canonicalQuery } from './query.ts';
import { signatureMismatchMessage, verifySignature } from './signature.ts';
import { deriveSigningKey } from './signing-key.ts';
import { encodeUri } from './uri.ts';

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const KEY_ID = 'AKIDEXAMPLE';

/** The hash that the SDK's signer asks for, as Node has it. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array);
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

const signer = new SignatureV4({
  service: 'glacier',
  region: 'us-east-1',
  credentials: { accessKeyId: KEY_ID, secretAccessKey: SECRET },
  sha256: Sha256 as never,
});

/** A request as it goes over the wire, one character per byte. */
interface WireRequest {
  method: string;
  target: string;
  headers: HeaderPair[];
  payloadHash: string;
}

const wire = (text: string): string => Buffer.from(text).toString('latin1');

function verify({ method, target, headers, payloadHash }: WireRequest): ReturnType<typeof verifySignature> {
  const { path, query } = splitTarget(target);
  const headerValue = (wanted: string): string => headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? '';
  const authorization = parseAuthorization(headerValue('authorization'));
  return verifySignature({
    method,
    segments: pathSegments(path),
    query,
    headers,
    payloadHash,
    amzDate: headerValue('x-amz-date'),
    authorization,
    signingKey: deriveSigningKey(SECRET, authorization.scope),
  });
}

interface Draft {
  method: string;
  path: string;
  query: Record<string, string | string[]>;
  headers: Record<string, string>;
  body: string;
  secondsSince1970: number;
}

async function signed(draft: Draft): Promise<WireRequest> {
  const { headers } = await signer.sign(
    {
      method: draft.method,
      protocol: 'http:',
      hostname: 'localhost',
      path: draft.path,
      query: draft.query,
      headers: { ...draft.headers, host: 'localhost:7400' },
      body: draft.body,
    },
    { signingDate: new Date(draft.secondsSince1970 * 1000) },
  );
  const pieces = Object.entries(draft.query).flatMap(([key, value]) =>
    [value].flat().map((one) => `${encodeUri(wire(key))}=${encodeUri(wire(one))}`),
  );
  return {
    method: draft.method,
    target: wire(draft.path) + (pieces.length > 0 ? `?${pieces.join('&')}` : ''),
    headers: Object.entries(headers).map(([name, value]): HeaderPair => [name, wire(value)]),
    payloadHash: createHash('sha256').update(draft.body).digest('hex'),
  };
}

const character = fc.constantFrom(...'azAZ09-._~ +%/?&=;:!*\'()$@,"<>[]^`{|}#\\', 'é', 'ሴ', '🏔');
const text = fc.string({ unit: character, maxLength: 10 });
const rawPiece = fc.oneof(
  fc.constantFrom('', '.', '..', '-', 'vaults', '%2E%2E', 'a%2fb', 'arn%3Aaws'),
  text.map((name) => encodeURIComponent(name)),
);
const draft = fc.record<Draft>({
  method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE'),
  path: fc.array(rawPiece, { maxLength: 6 }).map((pieces) => `/${pieces.join('/')}`),
  query: fc.dictionary(text, fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })), { maxKeys: 4 }),
  headers: fc.dictionary(
    fc.stringMatching(/^x-[a-z][a-z0-9-]{0,8}$/),
    fc.string({ unit: fc.oneof(character, fc.constantFrom(' ', '  ', '\t')), maxLength: 12 }),
    { maxKeys: 4 },
  ),
  body: text,
  secondsSince1970: fc.integer({ min: 0, max: 253_402_300_799 }),
});

test('S-26 what the AWS SDK signs is accepted', async () => {
  await fc.assert(
    fc.asyncProperty(draft, async (request) => {
      expect(verify(await signed(request))).toEqual({ ok: true });
    }),
    { numRuns: tries(150) },
  );
});

/** Refused either way: as badly formed or as wrongly signed. */
function isRefused(request: WireRequest): boolean {
  try {
    return !verify(request).ok;
  } catch (error) {
    if (error instanceof GlacierError) return true;
    throw error;
  }
}

const EXAMPLE: Draft = {
  method: 'POST',
  path: '/-/vaults/arn%3Aaws/multipart-uploads',
  query: { limit: '10', marker: 'a/b c', empty: '' },
  headers: { 'x-amz-glacier-version': '2012-06-01', 'x-amz-archive-description': 'two  blanks' },
  body: 'Welcome',
  secondsSince1970: 1_772_445_601,
};

/** Every text with one byte replaced; neither letter can be part of an escape or of a hexadecimal hash. */
function* mutationsOf(original: string): Generator<string> {
  for (let at = 0; at < original.length; at += 1) {
    const letter = original[at] === 'y' ? 'z' : 'y';
    yield original.slice(0, at) + letter + original.slice(at + 1);
  }
}

test('S-02 no byte of a signed request can be changed', async () => {
  const request = await signed(EXAMPLE);
  expect(verify(request)).toEqual({ ok: true });
  const changed: WireRequest[] = [];
  for (const method of mutationsOf(request.method)) changed.push({ ...request, method });
  for (const target of mutationsOf(request.target)) changed.push({ ...request, target });
  for (const payloadHash of mutationsOf(request.payloadHash)) changed.push({ ...request, payloadHash });
  for (const [at, [name, value]] of request.headers.entries()) {
    const replaced: HeaderPair[] = [];
    for (const mutation of mutationsOf(name)) replaced.push([mutation, value]);
    // The access key id decides whose secret is asked for, which is not this folder's business.
    for (const mutation of mutationsOf(value))
      if (mutation.includes(`=${KEY_ID}/`) || name !== 'authorization') {
        replaced.push([name, mutation]);
      }
    for (const pair of replaced) changed.push({ ...request, headers: request.headers.with(at, pair) });
  }
  expect(changed.length).toBeGreaterThan(500);
  expect(changed.filter((mutation) => !isRefused(mutation))).toEqual([]);
});

/** What a request target means to the router: the segments, and the query with its escapes undone. */
const meaningOf = (target: string): string => {
  const { path, query } = splitTarget(target);
  return JSON.stringify([pathSegments(path), canonicalQuery(query)]);
};

test('S-26 a changed target is accepted only where it means the same', async () => {
  await fc.assert(
    fc.asyncProperty(draft, fc.nat(), fc.constantFrom(...'/.?&=%2Fy+'), async (shape, position, replacement) => {
      const request = await signed(shape);
      const at = 1 + (position % request.target.length);
      const target = request.target.slice(0, at) + replacement + request.target.slice(at + 1);
      expect(isRefused({ ...request, target })).toBe(meaningOf(target) !== meaningOf(request.target));
    }),
    { numRuns: tries(150) },
  );
});

test('S-02 every hexadecimal digit of the signature counts', async () => {
  const request = await signed(EXAMPLE);
  const at = request.headers.findIndex(([name]) => name === 'authorization');
  const value = request.headers[at]![1];
  const start = value.indexOf('Signature=') + 'Signature='.length;
  for (let digit = start; digit < value.length; digit += 1) {
    const other = value[digit] === '0' ? '1' : '0';
    const forged: HeaderPair = ['authorization', value.slice(0, digit) + other + value.slice(digit + 1)];
    expect(verify({ ...request, headers: request.headers.with(at, forged) }).ok).toBe(false);
  }
});

test('a header that was signed can neither be dropped nor repeated, an unsigned one may be added', async () => {
  const request = await signed(EXAMPLE);
  for (const [at, [name, value]] of request.headers.entries()) {
    if (name === 'authorization') continue;
    expect(isRefused({ ...request, headers: request.headers.toSpliced(at, 1) })).toBe(true);
    expect(isRefused({ ...request, headers: [...request.headers, [name.toUpperCase(), value]] })).toBe(true);
  }
  expect(verify({ ...request, headers: [...request.headers, ['Accept', '*/*']] }).ok).toBe(true);
});

test('S-25 an empty header that was signed cannot be dropped', async () => {
  const request = await signed({ ...EXAMPLE, headers: { 'x-amz-archive-description': '' } });
  expect(verify(request).ok).toBe(true);
  const headers = request.headers.filter(([name]) => name !== 'x-amz-archive-description');
  expect(headers.length).toBe(request.headers.length - 1);
  expect(verify({ ...request, headers }).ok).toBe(false);
});

/** A signature over whatever canonical request the client chose to make. */
function signedByHand({ target, query, value }: { target: string; query: string; value: string }): WireRequest {
  const scope = { date: '20260301', region: 'us-east-1', service: 'glacier' };
  const { path } = splitTarget(target);
  const canonical = ['GET', path, query, `host:h\nx-a:${value}\n`, 'host;x-a', 'unused'].join('\n');
  const digest = createHash('sha256').update(canonical, 'latin1').digest('hex');
  const toSign = `AWS4-HMAC-SHA256\n20260301T000000Z\n20260301/us-east-1/glacier/aws4_request\n${digest}`;
  const signature = createHmac('sha256', deriveSigningKey(SECRET, scope)).update(toSign).digest('hex');
  const credential = `${KEY_ID}/20260301/us-east-1/glacier/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=host;x-a,Signature=${signature}`;
  return {
    method: 'GET',
    target,
    headers: [
      ['Host', 'h'],
      ['X-A', value],
      ['X-Amz-Date', '20260301T000000Z'],
      ['Authorization', authorization],
    ],
    payloadHash: 'unused',
  };
}

test.each([
  ['encoded again, as curl does', 'b=%2f&a=x:+', 'a=x%3A%2B&b=%2F', true],
  ['as received but sorted, as botocore does', 'b=%2f&a=x:+', 'a=x:+&b=%2f', true],
  ['as received and unsorted', 'b=%2f&a=x:+', 'b=%2f&a=x:+', false],
  ['with plus for a space', 'a=+', 'a=%20', false],
  ['of another request', 'a=1', 'a=2', false],
])('a query signed %s: %s as %s is accepted: %s', (_, sent, query, accepted) => {
  expect(verify(signedByHand({ target: `/-/vaults?${sent}`, query, value: 'v' })).ok).toBe(accepted);
});

test('S-25 bytes beyond ASCII are signed as they came', () => {
  const request = signedByHand({ target: '/-/vaults', query: '', value: '\xc3\xa9' });
  expect(verify(request).ok).toBe(true);
});

test('the wrong signature is answered in the words of the real service', async () => {
  const request = signedByHand({ target: '/-/vaults?b=%2f&a', query: 'wrong', value: 'v' });
  const verdict = verify(request);
  if (verdict.ok) expect.fail('accepted');
  expect(verdict.canonicalRequest).toBe('GET\n/-/vaults\na=&b=%2F\nhost:h\nx-a:v\n\nhost;x-a\nunused');
  const digest = createHash('sha256').update(verdict.canonicalRequest).digest('hex');
  const scope = '20260301/us-east-1/glacier/aws4_request';
  expect(verdict.stringToSign).toBe(`AWS4-HMAC-SHA256\n20260301T000000Z\n${scope}\n${digest}`);
  expect(signatureMismatchMessage(verdict)).toBe(
    `The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.

The Canonical String for this request should have been
'${verdict.canonicalRequest}'

The String-to-Sign should have been
'${verdict.stringToSign}'
`,
  );
});
