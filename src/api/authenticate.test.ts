import { createHash } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { type KnownKey, rootCaller } from '../core/callers.ts';
import { GlacierError } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { HeaderPair } from '../sigv4/headers.ts';
import { pathSegments, splitTarget } from '../sigv4/path.ts';
import { canonicalRequest, signatureOf, stringToSign } from '../sigv4/signature.ts';
import { deriveSigningKey, SigningKeyCache } from '../sigv4/signing-key.ts';
import { authenticate, callerNow, type Gate, tellsOfTime } from './authenticate.ts';
import type { RequestBody } from './body.ts';
import { ByteBudget } from './byte-budget.ts';

const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const KEY_ID = 'AKIAIOSFODNN7EXAMPLE';
const DATE = '20120525T002453Z';
const EMPTY_HASH = createHash('sha256').digest('hex');
const CALLER = rootCaller({ accessKeyId: KEY_ID, accountId: '111122223333' });
const KEY: KnownKey = { secretAccessKey: SECRET, tokenDigest: null, expiresAtMs: null, caller: CALLER };
const gate: Gate = {
  clock: { nowMs: () => Date.UTC(2012, 4, 25, 0, 24, 53) },
  region: 'us-east-1',
  signingKeys: new SigningKeyCache(),
  unhashedBytes: new ByteBudget(limits.unhashedBytesAtOnceMax),
  findAccessKey: async (id) => (id === KEY_ID ? KEY : undefined),
};

interface Sent {
  method?: string;
  target?: string;
  headers?: HeaderPair[];
  body?: string;
  lengthBytes?: number;
  isInvited?: boolean;
  isComplete?: boolean;
}

function sent({
  method = 'PUT',
  target = '/-/vaults/examplevault',
  headers = BASE,
  body = '',
  lengthBytes,
  isInvited = true,
  isComplete = true,
}: Sent) {
  const whole = vi.fn(async () => Buffer.from(body));
  const found = (name: string) => headers.find(([other]) => other.toLowerCase() === name)?.[1];
  const head = { method, target: splitTarget(target), headers, header: found };
  const fake = { whole, isInvited, isComplete, lengthBytes: lengthBytes ?? body.length } as unknown as RequestBody;
  return { request: { head, segments: pathSegments(head.target.path), body: fake }, whole };
}

const BASE: HeaderPair[] = [
  ['Host', 'glacier.us-east-1.amazonaws.com'],
  ['x-amz-date', DATE],
  ['x-amz-glacier-version', '2012-06-01'],
];
const SCOPE = { date: '20120525', region: 'us-east-1', service: 'glacier' };

function authorization(signature: string, names = 'host;x-amz-date;x-amz-glacier-version'): HeaderPair {
  const credential = `${KEY_ID}/20120525/us-east-1/glacier/aws4_request`;
  return ['Authorization', `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${names},Signature=${signature}`];
}

/** Adds the right signature over all headers that are there. */
function signed(headers: HeaderPair[], payloadHash: string): HeaderPair[] {
  const signedHeaders = headers.map(([name]) => name.toLowerCase()).sort();
  const segments = ['-', 'vaults', 'examplevault'];
  const canonical = canonicalRequest({ method: 'PUT', segments, query: '', headers, signedHeaders, payloadHash });
  const toSign = stringToSign({ amzDate: DATE, scope: SCOPE, canonicalRequest: canonical });
  return [...headers, authorization(signatureOf(deriveSigningKey(SECRET, SCOPE), toSign), signedHeaders.join(';'))];
}

const refusal = (message: Sent) => authenticate(gate, sent(message).request).catch((error) => error);
const CREATE_VAULT = '3ce5b2f2fffac9262b4da9256f8d086b4aaf42eba5f111c21681a65a127b7c2a';
const ZEROS = '0'.repeat(64);

describe('authenticate', () => {
  test("the signature of Amazon's example", async () => {
    const { request } = sent({ headers: [...BASE, authorization(CREATE_VAULT)] });
    expect(await authenticate(gate, request)).toEqual({
      caller: CALLER,
      key: KEY,
      payloadHash: EMPTY_HASH,
    });
  });

  test('a body with a stated hash is not read', async () => {
    const stated: HeaderPair[] = [...BASE, ['x-amz-content-sha256', ZEROS]];
    const { request, whole } = sent({ headers: signed(stated, ZEROS), body: 'anything' });
    expect((await authenticate(gate, request)).payloadHash).toBe(ZEROS);
    expect(whole).not.toHaveBeenCalled();
  });

  test('the hash of the body need not be among the signed headers, for it is signed anyway', async () => {
    const headers: HeaderPair[] = [...signed(BASE, ZEROS), ['x-amz-content-sha256', ZEROS]];
    expect((await authenticate(gate, sent({ headers }).request)).payloadHash).toBe(ZEROS);
  });

  test('a body without one is read and hashed, unless it is large or waits to be invited', async () => {
    const payloadHash = createHash('sha256').update('{}').digest('hex');
    const { request, whole } = sent({ headers: signed(BASE, payloadHash), body: '{}' });
    expect((await authenticate(gate, request)).payloadHash).toBe(payloadHash);
    expect(whole).toHaveBeenCalledTimes(1);
    const large = sent({ headers: signed(BASE, EMPTY_HASH), lengthBytes: limits.unhashedBodyBytesMax + 1 });
    await expect(authenticate(gate, large.request)).rejects.toThrow(
      'Required parameter missing: x-amz-content-sha256. A body of more than 524288 bytes needs it.',
    );
    expect(large.whole).not.toHaveBeenCalled();
    const full = { ...gate, unhashedBytes: new ByteBudget(1) };
    const noRoom = sent({ headers: signed(BASE, payloadHash), body: '{}' });
    await expect(authenticate(full, noRoom.request)).rejects.toMatchObject({ code: 'ThrottlingException' });
    expect(noRoom.whole).not.toHaveBeenCalled();
    const waiting = sent({ headers: signed(BASE, payloadHash), body: '{}', isInvited: false });
    await expect(authenticate(gate, waiting.request)).rejects.toThrow(
      'Required parameter missing: x-amz-content-sha256',
    );
    expect(waiting.whole).not.toHaveBeenCalled();
  });

  test('what was known before the body counts no more when it had to be waited for', async () => {
    const headers = signed(BASE, EMPTY_HASH);
    const outcome = (isComplete: boolean, second: KnownKey | undefined, waitedMs = 0) => {
      let [looks, nowMs] = [0, gate.clock.nowMs()];
      const findAccessKey = async () => (looks++ === 0 ? KEY : second);
      const { request, whole } = sent({ headers, isComplete });
      whole.mockImplementation(async () => {
        nowMs += waitedMs;
        return Buffer.from('');
      });
      return authenticate({ ...gate, clock: { nowMs: () => nowMs }, findAccessKey }, request).then(
        ({ caller }) => [looks, caller.accountId],
        ({ code }) => [looks, code],
      );
    };
    const changed = { ...KEY, caller: rootCaller({ accessKeyId: KEY_ID, accountId: '444455556666' }) };
    expect(await outcome(true, undefined)).toEqual([1, '111122223333']);
    expect(await outcome(false, undefined)).toEqual([2, 'UnrecognizedClientException']);
    expect(await outcome(false, changed)).toEqual([2, '444455556666']);
    expect(await outcome(false, { ...KEY, secretAccessKey: 'another' })).toEqual([2, 'InvalidSignatureException']);
    expect(await outcome(false, { ...KEY, expiresAtMs: 0 })).toEqual([2, 'ExpiredTokenException']);
    expect(await outcome(false, KEY, limits.clockSkewMs + 1000)).toEqual([2, 'InvalidSignatureException']);
  });

  test('a key is looked at again as it is now', async () => {
    const authenticated = { caller: CALLER, key: KEY, payloadHash: EMPTY_HASH };
    const now = (key: KnownKey | undefined) =>
      callerNow({ ...gate, findAccessKey: async () => key }, authenticated).catch(({ code }) => code);
    const identityPolicies = ['other'];
    expect(await now({ ...KEY, caller: { ...CALLER, identityPolicies } })).toMatchObject({ identityPolicies });
    expect(await now(undefined)).toBe('UnrecognizedClientException');
    expect(await now({ ...KEY, secretAccessKey: 'another' })).toBe('UnrecognizedClientException');
    expect(await now({ ...KEY, tokenDigest: 'another' })).toBe('UnrecognizedClientException');
    expect(await now({ ...KEY, expiresAtMs: gate.clock.nowMs() })).toBe('ExpiredTokenException');
  });

  test('everything that can be checked is, before a body is read', async () => {
    const early: HeaderPair[][] = [
      BASE,
      [...BASE, ['Authorization', 'Bearer x']],
      [...BASE, ['Authorization', authorization(ZEROS)[1].replace(KEY_ID, 'other')]],
      [...BASE, ['Authorization', authorization(ZEROS)[1].replace('us-east-1', 'us-west-1')]],
      [...BASE, ['Authorization', authorization(ZEROS)[1].replace('/glacier/', '/s3/')]],
      [...BASE, authorization(ZEROS, 'x-amz-date;x-amz-glacier-version')],
      [...BASE.slice(0, 1), ['x-amz-date', '20120525T003053Z'], authorization(ZEROS)],
      [...BASE.slice(0, 1), authorization(ZEROS)],
    ];
    for (const headers of early) {
      const { request, whole } = sent({ headers, body: '{}' });
      await expect(authenticate(gate, request)).rejects.toThrow();
      expect(whole).not.toHaveBeenCalled();
    }
  });

  test('checks in the order that clients can observe', async () => {
    const [, good] = authorization(ZEROS);
    const header = (change: (text: string) => string, date = DATE): Sent => ({
      headers: [
        ...BASE.filter(([name]) => name !== 'x-amz-date'),
        ['x-amz-date', date],
        ['Authorization', change(good)],
      ],
    });
    const late = '20120525T000000Z';
    const unknown = (text: string) => text.replace(KEY_ID, 'other');
    expect(await refusal({})).toMatchObject({ code: 'MissingAuthenticationTokenException' });
    expect(await refusal(header(unknown, late))).toMatchObject({ code: 'UnrecognizedClientException' });
    expect((await refusal(header((text) => text.replace('us-east-1', 'x'), late))).message).toBe(
      'Signature expired: 20120525T000000Z is now earlier than 20120525T001953Z (20120525T002453Z - 5 min.)',
    );
    expect((await refusal(header((text) => text))).message).toContain('The Canonical String for this request');
  });

  test('tells which keys there are, and failures that time is to blame for from others', async () => {
    const known: string[] = [];
    const learn = async (message: Sent) => {
      const error = await authenticate(gate, { ...sent(message).request, onKnownKey: (id) => known.push(id) }).catch(
        (thrown) => thrown,
      );
      return tellsOfTime(error);
    };
    const wrong = authorization(ZEROS);
    const other: HeaderPair = [wrong[0], wrong[1].replace(KEY_ID, 'other')];
    const late: HeaderPair[] = [...BASE.slice(0, 1), ['x-amz-date', '20120525T000000Z']];
    expect(await learn({ headers: [...BASE, other] })).toBe(false);
    expect(await learn({ headers: [...late, other] })).toBe(false);
    expect(known).toEqual([]);
    expect(await learn({ headers: [...BASE, wrong] })).toBe(false);
    expect(await learn({ headers: [...late, wrong] })).toBe(true);
    expect(known).toEqual([KEY_ID, KEY_ID]);
    expect(tellsOfTime(new GlacierError('ExpiredTokenException', ''))).toBe(true);
  });

  test.each(['X-Amz-Signature=1', 'x=1&x-amz-algorithm', 'X-Amz-Expires=', 'x%2damz-credential=1', 'X-AMZ-DATE=1'])(
    'S-11 credentials in the query are refused whatever the header says: %s',
    async (query) => {
      const headers = [...BASE, authorization(CREATE_VAULT)];
      const outcome = await refusal({ headers, target: `/-/vaults/examplevault?${query}` });
      expect(outcome).toMatchObject({ code: 'MissingAuthenticationTokenException' });
    },
  );

  test('S-04 an unknown key takes as long as a wrong secret', async () => {
    const wrong = [...BASE, authorization(ZEROS)];
    const unknown: HeaderPair[] = [...BASE, ['Authorization', authorization(ZEROS)[1].replace(KEY_ID, 'other')]];
    const times: [number[], number[]] = [[], []];
    for (let round = 0; round < 1000; round += 1) {
      for (const [index, headers] of [unknown, wrong].entries()) {
        const { request } = sent({ headers });
        const startedAtMs = performance.now();
        await authenticate(gate, request).catch(() => undefined);
        times[index]?.push(performance.now() - startedAtMs);
      }
    }
    const [unknownMs, wrongMs] = times.map((values) => values.sort((a, b) => a - b)[500] ?? 0) as [number, number];
    // Without the work done in vain it is a fifth.
    expect(unknownMs / wrongMs).toBeGreaterThan(0.6);
    expect(unknownMs / wrongMs).toBeLessThan(1.5);
  }, 60_000);

  test.each(['UNSIGNED-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', '', 'A'.repeat(64), '0'.repeat(63)])(
    'S-10 the payload mode %j is refused, though it is signed',
    async (mode) => {
      const headers = signed([...BASE, ['x-amz-content-sha256', mode]], mode);
      expect(await refusal({ headers })).toMatchObject({ code: 'InvalidParameterValueException' });
    },
  );

  describe('S-18 session tokens', () => {
    const TOKEN = 'the/token+of==this key';
    const tokenDigest = createHash('sha256').update(TOKEN).digest('hex');
    const nowMs = gate.clock.nowMs();
    const temporary = { secretAccessKey: SECRET, tokenDigest, expiresAtMs: nowMs + 1, caller: CALLER };
    const INVALID = 'The security token included in the request is invalid.';
    const EXPIRED = 'The security token included in the request is expired';
    const outcomeOf = (key: Partial<KnownKey>, token: string | undefined) => {
      const headers: HeaderPair[] = token === undefined ? BASE : [...BASE, ['X-Amz-Security-Token', token]];
      const { request } = sent({ headers: signed(headers, EMPTY_HASH) });
      const known = { ...gate, findAccessKey: async () => ({ ...temporary, ...key }) };
      return authenticate(known, request).then(
        () => 'accepted',
        (error) => `${error.code}: ${error.message}`,
      );
    };

    test('a temporary key signs with its token until it expires', async () => {
      expect(await outcomeOf({}, TOKEN)).toBe('accepted');
      expect(await outcomeOf({ expiresAtMs: nowMs }, TOKEN)).toBe(`ExpiredTokenException: ${EXPIRED}`);
      expect(await outcomeOf({ expiresAtMs: nowMs - 1 }, TOKEN)).toBe(`ExpiredTokenException: ${EXPIRED}`);
    });

    test.each([undefined, '', 'x', TOKEN.slice(1), `${TOKEN}x`, tokenDigest])(
      'and with no other: %j',
      async (token) => {
        expect(await outcomeOf({}, token)).toBe(`UnrecognizedClientException: ${INVALID}`);
        // What is wrong with the key is for its holder only.
        expect(await outcomeOf({ expiresAtMs: 0 }, token)).toBe(`UnrecognizedClientException: ${INVALID}`);
      },
    );

    test.each([TOKEN, '', 'x'])('a permanent key takes none: %j', async (token) => {
      const permanent = { tokenDigest: null, expiresAtMs: null };
      expect(await outcomeOf(permanent, undefined)).toBe('accepted');
      expect(await outcomeOf(permanent, token)).toBe(`UnrecognizedClientException: ${INVALID}`);
    });

    test('the token must be among what is signed', async () => {
      const headers: HeaderPair[] = [...signed(BASE, EMPTY_HASH), ['X-Amz-Security-Token', TOKEN]];
      const known = { ...gate, findAccessKey: async () => temporary };
      await expect(authenticate(known, sent({ headers }).request)).rejects.toThrow(
        'The header x-amz-security-token must be among the SignedHeaders.',
      );
    });
  });
});
