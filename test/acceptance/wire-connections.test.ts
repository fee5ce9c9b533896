import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, askUpload, bytesOf, Connection, call, headOf, type RawRequest, sign } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault, errorOf } from '../support/wire.ts';

/** How connections end: with the server, and behind an answer that ends them. */
const STOP_MS_MAX = 2500;

describe('F-39 a server that is told to stop', () => {
  test.each([
    ['that sent nothing', ''],
    ['in the middle of a head', 'GET /-/vaults HTTP/1.1\r\nHost: a\r\nX-'],
    ['that sent no line of its own', '\r\n'],
  ])('does not wait for a connection %s', async (_, bytes) => {
    await using server = await startServer();
    using connection = await Connection.open(server);
    if (bytes !== '') connection.send(bytes);
    await sleep(100);
    const startedAtMs = performance.now();
    expect(await server.stop()).toBe(0);
    expect(performance.now() - startedAtMs).toBeLessThan(STOP_MS_MAX);
    await connection.ended();
  });

  test('lets an upload that runs come to its end, and nothing that was sent behind it', async () => {
    await using server = await startServer();
    await createVault(server, 'wire');
    const body = Buffer.alloc(3_000_000, 'x');
    const request = sign(askUpload(server, body), server);
    using uploading = await Connection.open(server);
    uploading.send(headOf(request)).send(body.subarray(0, 1_000_000));
    using silent = await Connection.open(server);
    await sleep(200);
    const stopping = server.stop();
    await silent.ended();
    expect(uploading.isOver).toBe(false);
    const next = sign(ask(server, { method: 'PUT', target: '/-/vaults/ghost' }), server);
    uploading.send(Buffer.concat([body.subarray(1_000_000), bytesOf(next)]));
    expect((await uploading.answer()).status).toBe(201);
    const answeredAtMs = performance.now();
    expect(await stopping).toBe(0);
    expect(performance.now() - answeredAtMs).toBeLessThan(STOP_MS_MAX);
    await uploading.ended();
    expect(uploading.rest.toString()).toBe('');
  });
});

describe('behind an answer that ends the connection', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
    await createVault(server, 'wire');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const signed = (request: RawRequest) => bytesOf(sign(request, server));
  const describeVault = (name: string) => ask(server, { target: `/-/vaults/${name}` });

  test.each<[string, () => Buffer]>([
    ['a request with two hosts', () => Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n')],
    ['a query that is ambiguous', () => signed(ask(server, { target: '/-/vaults?limit=1&limit=2' }))],
    ['another expectation', () => Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n')],
  ])('%s: nothing is carried out', async (_, first) => {
    using connection = await Connection.open(server);
    const ghost = signed(ask(server, { method: 'PUT', target: '/-/vaults/ghost' }));
    const answer = await connection.send(Buffer.concat([first(), ghost, ghost])).answer();
    expect(errorOf(answer)).toMatchObject({ status: 400, code: 'BadRequest' });
    expect(answer.header('connection')).toBe('close');
    await connection.ended({ withinMs: 3000 });
    expect(connection.rest.toString()).toBe('');
    expect((await call(server, { target: '/-/vaults/ghost' })).status).toBe(404);
  });

  test('CONNECT neither overtakes the answer before it nor takes its place', async () => {
    using connection = await Connection.open(server);
    const tunnel = Buffer.from('CONNECT elsewhere:80 HTTP/1.1\r\nHost: a\r\n\r\n');
    const answer = await connection.send(Buffer.concat([signed(describeVault('wire')), tunnel])).answer();
    expect([answer.status, answer.header('connection')]).toEqual([200, 'close']);
    await connection.ended({ withinMs: 3000 });
    expect(connection.rest.toString()).toBe('');
  });
});

describe('Expect: 100-continue without a payload hash', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const missing = { status: 400, code: 'MissingParameterValueException' };
  test.each([
    ['a length', { 'Content-Length': '2', Expect: '100-continue' }],
    ['chunks', { 'Transfer-Encoding': 'chunked', Expect: '100-continue' }],
  ])('invites no stranger: %s', async (_, headers) => {
    for (const secretAccessKey of ['wrong', server.secretAccessKey]) {
      using connection = await Connection.open(server);
      const request = ask(server, { method: 'POST', target: '/-/vaults/wire/jobs', headers });
      const without = request.headers.filter(([name]) => name.toLowerCase() !== 'x-amz-content-sha256');
      const head = headOf(sign({ ...request, headers: without }, { ...server, secretAccessKey }));
      expect(errorOf(await connection.send(head).answer())).toMatchObject(missing);
      await connection.ended({ withinMs: 3000 });
      expect(connection.received.toString()).not.toContain('100 Continue');
    }
  });

  test('is answered when there is no body to invite', async () => {
    using connection = await Connection.open(server);
    const request = ask(server, { target: '/-/vaults', headers: { Expect: '100-continue' } });
    expect((await connection.send(headOf(sign(request, server))).answer()).status).toBe(200);
  });
});
