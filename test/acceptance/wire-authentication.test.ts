import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Asking,
  amzDate,
  ask,
  bytesOf,
  call,
  canonicalRequest,
  type Header,
  type RawRequest,
  type Signing,
  send,
  sha256,
  sign,
} from '../support/raw.ts';
import { ROUTES } from '../support/routes.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault, errorOf, storedFiles } from '../support/wire.ts';

/** Who is let in. Everything refused here leaves nothing behind. */
let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await createVault(server, 'wire');
});
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => expect(storedFiles(server)).toEqual([]));

const DESCRIBE: Asking = { target: '/-/vaults/wire' };
const MINUTE_MS = 60_000;

const refused = async (request: RawRequest): Promise<ReturnType<typeof errorOf>> =>
  errorOf(await send(server, bytesOf(request)));
const refusedWith = (signing: Partial<Signing>, asking: Asking = DESCRIBE) =>
  refused(sign(ask(server, asking), { ...server, ...signing }));
/** A request that is right but for what `change` does to its headers. */
const changed = (
  change: (headers: Header[]) => Header[],
  asking: Asking = DESCRIBE,
): Promise<ReturnType<typeof errorOf>> => {
  const request = sign(ask(server, asking), server);
  return refused({ ...request, headers: change(request.headers) });
};
const INVALID = { status: 403, code: 'InvalidSignatureException' };
const BAD = { status: 400, code: 'BadRequest' };
const MISSING = { status: 400, code: 'MissingAuthenticationTokenException' };
const UNRECOGNIZED = { status: 400, code: 'UnrecognizedClientException' };

const ASKED = [...ROUTES, 'GET /nothing', 'OPTIONS /vaults', 'PATCH /vaults/wire'];

describe('no credentials', () => {
  test('S-01 every route says so, and looks nothing up', async () => {
    expect(ASKED).toHaveLength(36);
    for (const account of ['-', '111122223333', '999999999999']) {
      for (const route of ASKED) {
        const [method = '', path = ''] = route.split(' ');
        const outcome = await refused(ask(server, { method, target: `/${account}${path}` }));
        expect([route, outcome]).toEqual([route, { ...MISSING, message: 'Missing Authentication Token' }]);
      }
    }
  });

  test('S-11 credentials in the query are none, with or without a header', async () => {
    const query = '?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0';
    expect(await refused(ask(server, { target: `/-/vaults${query}` }))).toMatchObject(MISSING);
    expect(await refusedWith({}, { target: `/-/vaults${query}` })).toMatchObject(MISSING);
    for (const name of [
      'X-Amz-Signature',
      'x-amz-credential',
      'X-Amz-Security-Token',
      'X%2DAmz-Date',
      'X-Amz-Expires',
    ]) {
      expect(await refusedWith({}, { target: `/-/vaults?${name}=1` })).toMatchObject(MISSING);
    }
  });
});

describe('keys', () => {
  test('an unknown one', async () => {
    const message = 'The security token included in the request is invalid.';
    expect(await refusedWith({ accessKeyId: 'AKIAUNKNOWN' })).toEqual({ ...UNRECOGNIZED, message });
  });

  test('S-18 a session token beside a permanent one', async () => {
    const headers = { 'X-Amz-Security-Token': 'token' };
    expect(await refusedWith({}, { ...DESCRIBE, headers })).toMatchObject(UNRECOGNIZED);
    expect(await changed((all) => [...all, ['X-Amz-Security-Token', 'token']])).toMatchObject(UNRECOGNIZED);
  });
});

describe('the clock', () => {
  const shifted = async (minutes: number) => {
    const nowMs = Math.floor(Date.now() / 1000) * 1000;
    return errorOf(await call(server, { ...DESCRIBE, at: new Date(nowMs + minutes * MINUTE_MS) }));
  };
  const stampMs = (stamp = ''): number =>
    Date.parse(stamp.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));

  test.each([
    [-6, /^Signature expired: (\d{8}T\d{6}Z) is now earlier than (\d{8}T\d{6}Z) \((\d{8}T\d{6}Z) - 5 min\.\)$/],
    [6, /^Signature not yet current: (\d{8}T\d{6}Z) is still later than (\d{8}T\d{6}Z) \((\d{8}T\d{6}Z) \+ 5 min\.\)$/],
  ])('S-22 %i minutes off', async (minutes, pattern) => {
    const { message, ...rest } = await shifted(minutes);
    expect(rest).toEqual(INVALID);
    expect(message).toMatch(pattern);
    const [, signed, bound, now] = pattern.exec(message)?.map(stampMs) ?? [];
    expect(Math.abs(Number(now) - Date.now())).toBeLessThan(5000);
    expect(Number(bound) - Number(now)).toBe(Math.sign(minutes) * 5 * MINUTE_MS);
    expect(Math.abs(Number(signed) - Number(now) - minutes * MINUTE_MS)).toBeLessThan(5000);
  });

  test('S-22 four minutes off is near enough', async () => {
    for (const minutes of [-4, 4]) {
      const at = new Date(Date.now() + minutes * MINUTE_MS);
      expect((await call(server, { ...DESCRIBE, at })).status).toBe(200);
    }
  });

  test('S-22 dates that are none', async () => {
    const now = amzDate(new Date());
    const day = now.slice(0, 8);
    const wrong = ['', 'now', now.toLowerCase(), now.replace('Z', ''), now.replace('Z', '.000Z'), '20260230T000000Z'];
    for (const date of [
      ...wrong,
      '19700101T000000Z',
      '99991231T235959Z',
      new Date().toISOString(),
      new Date().toUTCString(),
    ]) {
      const asking = { ...DESCRIBE, headers: { 'X-Amz-Date': date } };
      expect([date, await refusedWith({ scopeDay: day }, asking)]).toMatchObject([date, INVALID]);
    }
    expect(await changed((all) => all.filter(([name]) => name !== 'X-Amz-Date'))).toMatchObject(INVALID);
  });

  test('S-22 Date takes the place of X-Amz-Date when it has its form, and beside it must not differ', async () => {
    const now = amzDate(new Date());
    const alone = { ...DESCRIBE, headers: { 'X-Amz-Date': null, Date: now } };
    expect((await call(server, alone)).status).toBe(200);
    for (const same of [now, new Date().toUTCString()]) {
      expect((await call(server, { ...DESCRIBE, headers: { Date: same } })).status).toBe(200);
    }
    for (const other of ['Mon, 02 Mar 2026 10:00:00 GMT', '20200101T000000Z', 'yesterday', '']) {
      const outcome = errorOf(await call(server, { ...DESCRIBE, headers: { Date: other } }));
      expect([other, outcome]).toMatchObject([other, INVALID]);
    }
  });
});

describe('the signature', () => {
  test('a wrong one is answered with the texts to sign', async () => {
    const request = ask(server, {
      target: '/-/vaults?marker=a%3Ab&limit=3',
      headers: { 'x-amz-note': ' two   blanks ' },
    });
    const canonical = canonicalRequest(request);
    const stamp = request.headers.find(([name]) => name === 'X-Amz-Date')?.[1] ?? '';
    const scope = `${stamp.slice(0, 8)}/us-east-1/glacier/aws4_request`;
    expect(await refused(sign(request, { ...server, secretAccessKey: 'wrong' }))).toEqual({
      ...INVALID,
      message:
        'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key ' +
        'and signing method. Consult the service documentation for details.\n\n' +
        `The Canonical String for this request should have been\n'${canonical}'\n\n` +
        `The String-to-Sign should have been\n'AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${sha256(canonical)}'\n`,
    });
  });

  test('S-16 another scope', async () => {
    expect(await refusedWith({ region: 'us-west-2' })).toMatchObject(INVALID);
    for (const service of ['s3', 'sts', 'execute-api']) expect(await refusedWith({ service })).toMatchObject(INVALID);
    expect(await refusedWith({ terminator: 'aws4_requestx' })).toMatchObject(INVALID);
    expect(await refusedWith({ scopeDay: '20200101' })).toMatchObject(INVALID);
  });

  test('S-21 headers that steer must be signed, and so must Host', async () => {
    const asking: Asking = { ...DESCRIBE, headers: { 'x-amz-archive-description': 'a' } };
    const all = ['host', 'x-amz-archive-description', 'x-amz-date', 'x-amz-glacier-version'];
    expect((await send(server, bytesOf(sign(ask(server, asking), { ...server, only: all })))).status).toBe(200);
    for (const left of all) {
      const outcome = await refusedWith({ only: all.filter((name) => name !== left) }, asking);
      expect(outcome).toEqual({ ...INVALID, message: `The header ${left} must be among the SignedHeaders.` });
    }
    expect(await changed((headers) => [...headers, ['x-amz-part-size', '1048576']])).toMatchObject(INVALID);
    expect(await changed((headers) => [...headers, ['X-AMZ-META', '1']])).toMatchObject(INVALID);
  });

  test.each([
    ['Range', 'bytes=0-1', 'bytes=0-2'],
    ['Content-Range', 'bytes 0-1/*', 'bytes 2-3/*'],
  ])('S-21 a signed %s cannot be changed; boto2 signs none', async (name, signed, sent) => {
    const asking = { ...DESCRIBE, headers: { [name]: signed } };
    const moved = (all: Header[]) => all.map((header): Header => (header[0] === name ? [name, sent] : header));
    expect(await changed(moved, asking)).toMatchObject(INVALID);
    const request = sign(ask(server, DESCRIBE), server);
    const answer = await send(server, bytesOf({ ...request, headers: [...request.headers, [name, sent]] }));
    expect(answer.status).toBe(200);
  });

  test('S-19 another Host than the one that was signed', async () => {
    const moved = (name: string, host: string) => (all: Header[]) =>
      all.map((header): Header => (header[0] === name ? [name, host] : header));
    expect(await changed(moved('Host', 'elsewhere'))).toMatchObject(INVALID);
    expect(await changed(moved('Host', '127.0.0.1'))).toMatchObject(INVALID);
    expect(await changed(moved('Host', '127.0.0.1:443'))).toMatchObject(INVALID);
    expect(await changed((all) => all.filter(([name]) => name !== 'Host'))).toMatchObject(BAD);
    const { method, target, headers } = sign(ask(server, DESCRIBE), server);
    const lines = headers.filter(([name]) => name !== 'Host').map(([name, value]) => `${name}: ${value}\r\n`);
    expect(errorOf(await send(server, `${method} ${target} HTTP/1.0\r\n${lines.join('')}\r\n`))).toMatchObject(BAD);
    expect(errorOf(await send(server, `${method} ${target}\r\n\r\n`))).toMatchObject(BAD);
  });

  test('S-08 Authorization headers that no signer writes', async () => {
    const good = sign(ask(server, DESCRIBE), server).headers.at(-1)?.[1] ?? '';
    const [names = ''] = /SignedHeaders=[^,]*/.exec(good) ?? [];
    const many = Array.from({ length: 1500 }, (_, index) => `h${index}`)
      .sort()
      .join(';');
    const wrong = [
      '',
      'x'.repeat(12_000),
      'AWS AKID:c2lnbmF0dXJl',
      good.replace('SHA256', 'SHA1'),
      good.replace('HMAC-SHA256', 'ECDSA-P256-SHA256'),
      good.replaceAll(',', ' '),
      good.replace('Credential', `${/Credential=[^,]*/.exec(good)?.[0]}, Credential`),
      `${good}, Signature=${'0'.repeat(64)}`,
      good.replace('/aws4_request', ''),
      good.replace('/aws4_request', '/aws4_request/more'),
      good.replace('Signature=', 'signature='),
      good.replace('AKIA', 'AK\u00ccA'),
      good.replace(/[0-9a-f]{64}$/, (hex) => hex.toUpperCase()),
      good.replace(/.$/, ''),
      `${good}0`,
      good.replace(names, `SignedHeaders=${names.slice(14).split(';').reverse().join(';')}`),
      good.replace(names, `${names};${names.slice(14)}`),
      good.replace(names, names.toUpperCase()),
      good.replace(names, `SignedHeaders=${many}`),
      good.replace('host', 'Host'),
      good.replace(names, 'SignedHeaders='),
      good.replace('AWS4-HMAC-SHA256 ', 'AWS4-HMAC-SHA256'),
    ];
    expect(new Set(wrong).size).toBe(wrong.length);
    for (const header of wrong) {
      const outcome = await changed((all) => [...all.slice(0, -1), ['Authorization', header]]);
      expect([header, outcome]).toMatchObject([header, INVALID]);
    }
  });
});

describe('headers sent twice', () => {
  const refusedTwice = async (name: string): Promise<void> => {
    const other: Header = [name, 'other'];
    const outcome = { ...BAD, message: `The header ${name.toLowerCase()} was sent more than once.` };
    expect(await changed((all) => [...all, other])).toEqual(outcome);
    expect(await changed((all) => [other, ...all])).toEqual(outcome);
    expect(await changed((all) => [...all, ...all.filter((header) => header[0] === name)])).toEqual(outcome);
  };

  test('S-09 Authorization, in both orders', () => refusedTwice('Authorization'));
  test('S-19 Host, in both orders', () => refusedTwice('Host'));
  test.each(['X-Amz-Date', 'x-amz-glacier-version'])('%s, in both orders', refusedTwice);
});
