import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, askUpload, bytesOf, Connection, call, headOf, send, sign } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { archiveCount, createVault, errorOf, REQUEST_ID, storedFiles, troubleIn } from '../support/wire.ts';

/** Where one request ends and the next begins: nothing may be read in two ways. */
let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await createVault(server, 'wire');
});
afterAll(() => server[Symbol.asyncDispose]());

const signedGet = () => sign(ask(server, { target: '/-/vaults/wire' }), server);

/** The one answer to these bytes, after which the connection must end. */
async function lastAnswer(bytes: Buffer | string) {
  using connection = await Connection.open(server);
  const answer = await connection.send(bytes).answer();
  expect(answer.header('connection')).toBe('close');
  await connection.ended({ withinMs: 3000 });
  expect(connection.rest.toString()).toBe('');
  return answer;
}

describe('requests that two readers could read differently are refused, and the connection ends', () => {
  const get = (lines: string, first = 'GET / HTTP/1.1') => `${first}\r\nHost: a\r\n${lines}\r\n`;
  const post = (lines: string, body = '') => `${get(lines, 'POST /-/vaults/wire/archives HTTP/1.1')}${body}`;

  test.each([
    ['Content-Length and Transfer-Encoding', post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
    ['the same in the other order', post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', '0\r\n\r\n')],
    ['two equal Content-Lengths', post('Content-Length: 2\r\nContent-Length: 2\r\n', 'ab')],
    ['two different Content-Lengths', post('Content-Length: 2\r\nContent-Length: 3\r\n', 'abc')],
    ['a list of Content-Lengths', post('Content-Length: 2, 2\r\n', 'ab')],
    ['a Content-Length with a sign', post('Content-Length: +2\r\n', 'ab')],
    ['a negative Content-Length', post('Content-Length: -2\r\n', 'ab')],
    ['a hexadecimal Content-Length', post('Content-Length: 0x2\r\n', 'ab')],
    ['a Content-Length beyond 64 bits', post('Content-Length: 18446744073709551617\r\n', 'a')],
    ['an empty Content-Length', post('Content-Length:\r\n', '')],
    ['an unknown transfer encoding', post('Transfer-Encoding: xchunked\r\n')],
    ['chunked that is not last', post('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n')],
    ['chunked twice', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', '0\r\n\r\n')],
    ['chunked behind a vertical tab', post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n')],
    ['chunked in HTTP/1.0', post('Transfer-Encoding: chunked\r\n', '0\r\n\r\n').replace('1.1', '1.0')],
    ['a folded header', get('X-A: 1\r\n 2\r\n')],
    ['a folded first header', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n'],
    ['bare line feeds', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['a bare line feed in a header', get('X-A: 1\nX-B: 2\r\n')],
    ['a bare carriage return in a header', get('X-A: 1\rX-B: 2\r\n')],
    ['a blank before the colon', get('X-A : 1\r\n')],
    ['a tab before the colon', get('X-A\t: 1\r\n')],
    ['a header without a colon', get('X-A\r\n')],
    ['a header without a name', get(': 1\r\n')],
    ['NUL in a header', get('X-A: a\0b\r\n')],
    ['NUL in a name', get('X-\0A: a\r\n')],
    ['NUL in the target', get('', 'GET /\0 HTTP/1.1')],
    ['a blank in the target', get('', 'GET /a b HTTP/1.1')],
    ['a raw byte above 127 in the target', get('', 'GET /\xc3\xa9 HTTP/1.1')],
    ['a lower-case method', get('', 'get / HTTP/1.1')],
    ['an unknown method', get('', 'FETCH / HTTP/1.1')],
    ['another protocol', get('', 'GET / HTTQ/1.1')],
    ['HTTP/1.2', get('', 'GET / HTTP/1.2')],
    ['the start of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['the start of TLS', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03'],
    ['CONNECT', get('', 'CONNECT elsewhere:80 HTTP/1.1')],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['no Host in HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n'],
    ['HTTP/0.9', 'GET /\r\n\r\n'],
    ['an asterisk for a target', get('', 'OPTIONS * HTTP/1.1')],
    ['an expectation that is unknown', get('Expect: 200-ok\r\n')],
    ['more than one expectation', get('Expect: 100-continue, 200-ok\r\n')],
    ['an absolute target', get('', 'GET http://a/ HTTP/1.1')],
  ])('%s', async (_, bytes) => {
    expect(errorOf(await lastAnswer(bytes))).toMatchObject({ status: 400, code: 'BadRequest' });
  });

  test.each([
    ['a chunk with a size that is none', 'zz\r\nab\r\n0\r\n\r\n'],
    ['a chunk size with a blank', '2 \r\nab\r\n0\r\n\r\n'],
    ['a chunk longer than its size', '2\r\nabc\r\n0\r\n\r\n'],
    ['chunks ended by line feeds', '2\nab\n0\n\n'],
  ])('%s, in a request that is signed', async (_, chunks) => {
    const headers = { 'Transfer-Encoding': 'chunked' };
    const request = ask(server, { method: 'POST', target: '/-/vaults/wire/jobs', headers });
    const head = headOf(sign(request, { ...server, payloadHash: '0'.repeat(64) }));
    const answer = await lastAnswer(Buffer.concat([head, Buffer.from(chunks)]));
    expect(answer.status).toBe(400);
  });
});

describe('sizes', () => {
  test.each([
    ['a target of 100 KB', () => `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['a header of 17 KiB', () => `GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(17 * 1024)}\r\n\r\n`],
    ['a name of 17 KiB', () => `GET / HTTP/1.1\r\nHost: a\r\n${'a'.repeat(17 * 1024)}: 1\r\n\r\n`],
    ['a million query keys', () => `GET /?${'a&'.repeat(1_000_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
  ])('%s', async (_, bytes) => {
    const outcome = { status: 431, code: 'BadRequest', message: 'The request headers are too long.' };
    expect(errorOf(await lastAnswer(bytes()))).toEqual(outcome);
  });

  test('2,500 headers', async () => {
    const headers = Array.from({ length: 2500 }, (_, index) => `${index}:\r\n`).join('');
    const answer = await lastAnswer(`GET / HTTP/1.1\r\nHost: a\r\n${headers}\r\n`);
    expect(errorOf(answer)).toEqual({ status: 400, code: 'BadRequest', message: 'The request has too many headers.' });
  });

  test('a hundred headers and 15 KiB of them are fine', async () => {
    const headers = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`X-H${index}`, 'a'.repeat(130)]));
    const request = ask(server, { target: '/-/vaults/wire', headers });
    const only = ['host', 'x-amz-date', 'x-amz-glacier-version'];
    expect((await send(server, bytesOf(sign(request, { ...server, only })))).status).toBe(200);
  });
});

describe('one connection', () => {
  test('serves many requests, bodies and errors among them, and the server does not complain', async () => {
    using connection = await Connection.open(server);
    for (let round = 0; round < 100; round += 1) {
      const body = Buffer.alloc(round * 1000 + 1, round);
      expect((await connection.send(bytesOf(signedGet())).answer()).status).toBe(200);
      expect((await connection.send(bytesOf(sign(askUpload(server, body), server))).answer()).status).toBe(201);
      const wrong = askUpload(server, body, { headers: { 'x-amz-sha256-tree-hash': '00'.repeat(32) } });
      expect((await connection.send(bytesOf(sign(wrong, server))).answer()).status).toBe(400);
    }
    expect(troubleIn(server)).toEqual([]);
  });

  test('is kept when a small body came along with a refused request', async () => {
    using connection = await Connection.open(server);
    const job = ask(server, { method: 'POST', target: '/-/vaults/wire/jobs', body: '{"Type":"inventory-retrieval"}' });
    for (const secretAccessKey of ['wrong', 'wrong', server.secretAccessKey]) {
      const answer = await connection.send(bytesOf(sign(job, { ...server, secretAccessKey }))).answer();
      expect([answer.status, answer.header('connection')]).toEqual([
        secretAccessKey === 'wrong' ? 403 : 202,
        'keep-alive',
      ]);
    }
  });

  test('answers requests sent ahead in order, each seeing what the one before did', async () => {
    using connection = await Connection.open(server);
    const steps = Array.from({ length: 10 }, (_, index) => [
      ask(server, { method: 'PUT', target: `/-/vaults/ahead-${index}` }),
      askUpload(server, Buffer.from('x'), { vault: `ahead-${index}` }),
      ask(server, { target: `/-/vaults/ahead-${index}` }),
    ]).flat();
    connection.send(Buffer.concat(steps.map((request) => bytesOf(sign(request, server)))));
    for (let index = 0; index < 10; index += 1) {
      expect((await connection.answer()).header('location')).toBe(`/111122223333/vaults/ahead-${index}`);
      expect((await connection.answer()).status).toBe(201);
      expect((await connection.answer()).json()).toMatchObject({ VaultName: `ahead-${index}`, NumberOfArchives: 1 });
    }
  });

  test('ends when a client sends absurdly many ahead', async () => {
    using connection = await Connection.open(server);
    connection.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(5000));
    await connection.ended();
    expect((await call(server, { target: '/-/vaults/wire' })).status).toBe(200);
  });

  test('ends after an answer when the client says so, and after HTTP/1.0', async () => {
    using closing = await Connection.open(server);
    const request = signedGet();
    const answer = await closing
      .send(bytesOf({ ...request, headers: [...request.headers, ['Connection', 'close']] }))
      .answer();
    expect([answer.status, answer.header('connection')]).toEqual([200, 'close']);
    await closing.ended();
    using old = await Connection.open(server);
    expect((await old.send(headOf(signedGet(), 'HTTP/1.0')).answer()).status).toBe(200);
    await old.ended();
  });

  test('answers a client that has closed its half', async () => {
    using connection = await Connection.open(server);
    connection.send(bytesOf(sign(askUpload(server, Buffer.alloc(3_000_000)), server))).socket.end();
    expect((await connection.answer()).status).toBe(201);
    await connection.ended();
  });

  test('what follows a whole request and is none gets its own answer, or none; the request keeps its', async () => {
    for (const rest of ['\0\0\0', 'surplus of a body that was announced too short', 'GET / HTTQ']) {
      using connection = await Connection.open(server);
      connection.send(Buffer.concat([bytesOf(signedGet()), Buffer.from(rest)]));
      expect((await connection.answer()).status).toBe(200);
      await connection.ended({ withinMs: 3000 });
      using later = await Connection.open(server);
      await later.send(bytesOf(signedGet())).answer();
      expect(errorOf(await later.send(rest).answer())).toMatchObject({ status: 400, code: 'BadRequest' });
      await later.ended({ withinMs: 3000 });
    }
  });

  test('is closed when the server stops, though the client would go on', async () => {
    await using other = await startServer();
    using connection = await Connection.open(other);
    const request = bytesOf(sign(ask(other, { target: '/-/vaults' }), other));
    expect((await connection.send(request).answer()).status).toBe(200);
    const stopping = other.stop();
    expect(await stopping).toBe(0);
    expect(connection.isOver).toBe(true);
  });
});

describe('Expect: 100-continue', () => {
  const expecting = (body: Buffer, headers: Record<string, string> = {}) =>
    askUpload(server, body, { vault: 'expecting', headers: { Expect: '100-continue', ...headers } });
  beforeAll(() => createVault(server, 'expecting'));

  test('the body is invited once the request is authentic', async () => {
    const request = sign(expecting(Buffer.from('invited')), server);
    using connection = await Connection.open(server);
    const invitation = await connection.send(headOf(request)).answer();
    expect([invitation.status, invitation.reason, invitation.headers]).toEqual([100, 'Continue', []]);
    expect((await connection.send(request.body).answer()).status).toBe(201);
    expect((await connection.send(bytesOf(signedGet())).answer()).status).toBe(200);
  });

  test.concurrent.each([
    ['a wrong signature', { secretAccessKey: 'wrong' }, {}, 403],
    ['an unknown key', { accessKeyId: 'AKIAUNKNOWN' }, {}, 400],
    ['a wrong header', {}, { 'x-amz-sha256-tree-hash': '000' }, 400],
    ['a body that is too long', {}, { 'Content-Length': String(2 ** 33) }, 400],
  ])('S-29 it is not after %s', async (_, signing, headers, status) => {
    using connection = await Connection.open(server);
    connection.send(headOf(sign(expecting(Buffer.from('refused'), headers), { ...server, ...signing })));
    const answer = await connection.answer();
    expect([answer.status, answer.header('connection')]).toEqual([status, 'close']);
    expect(answer.header('x-amzn-requestid')).toMatch(REQUEST_ID);
    await connection.ended({ withinMs: 3000 });
    expect(connection.received.toString()).not.toContain('100 Continue');
  });

  test('a client that does not wait for the invitation is served too', async () => {
    using connection = await Connection.open(server);
    connection.send(bytesOf(sign(expecting(Buffer.from('impatient')), server)));
    expect((await connection.answer()).status).toBe(100);
    expect((await connection.answer()).status).toBe(201);
    expect(await archiveCount(server, 'expecting')).toBe(2);
  });
});

test('in the end nothing is left half received', () => {
  expect(storedFiles(server).filter((path) => path.includes('incoming'))).toEqual([]);
});
