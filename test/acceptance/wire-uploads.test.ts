import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ask,
  askUpload,
  bytesOf,
  Connection,
  call,
  headOf,
  type RawRequest,
  sha256,
  sign,
  treeHash,
} from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { archiveCount, createVault, errorOf, storedFiles, troubleIn, until } from '../support/wire.ts';

/** Bodies that stand still, break off, or are not as long as they should be. What is refused leaves nothing behind. */
const STALL_MS = 600;
const MIB = 1 << 20;
let server: TestServer;
beforeAll(async () => {
  server = await startServer({ flags: ['--upload-stall-timeout', `${STALL_MS}ms`] });
});
afterAll(() => server[Symbol.asyncDispose]());

let vaults = 0;
/** A vault of its own for each test, so that each can see what it stored. */
async function newVault(): Promise<string> {
  vaults += 1;
  await createVault(server, `bodies-${vaults}`);
  return `bodies-${vaults}`;
}

async function open(request: RawRequest): Promise<Connection> {
  const connection = await Connection.open(server);
  return connection.send(headOf(sign(request, server)));
}

const TIMED_OUT = { status: 408, code: 'RequestTimeoutException', message: 'Request timed out.' };
const incoming = () => storedFiles(server).filter((path) => path.includes('incoming'));

describe.concurrent('time', () => {
  test.each([0, 1, 2.5 * MIB])('F-34 a client that falls silent after %i bytes gets 408', async (sent) => {
    const vault = await newVault();
    const body = Buffer.alloc(3 * MIB, 7);
    using connection = await open(askUpload(server, body, { vault }));
    const startedAtMs = performance.now();
    const answer = await connection.send(body.subarray(0, sent)).answer();
    expect(errorOf(answer)).toEqual(TIMED_OUT);
    expect(answer.header('connection')).toBe('close');
    expect(answer.body.toString()).toBe(
      '{"code":"RequestTimeoutException","message":"Request timed out.","type":"Client"}',
    );
    expect(performance.now() - startedAtMs).toBeGreaterThan(STALL_MS * 0.9);
    expect(performance.now() - startedAtMs).toBeLessThan(STALL_MS * 4);
    expect(await archiveCount(server, vault)).toBe(0);
    await connection.ended();
  });

  test('so does one whose JSON or part does not come', async () => {
    const vault = await newVault();
    const job = ask(server, {
      method: 'POST',
      target: `/-/vaults/${vault}/jobs`,
      body: '{"Type":"inventory-retrieval"}',
    });
    using waiting = await open(job);
    const headers = { 'x-amz-part-size': String(MIB) };
    const uploads = `/-/vaults/${vault}/multipart-uploads`;
    const started = await call(server, { method: 'POST', target: uploads, headers });
    const target = `${uploads}/${started.header('x-amz-multipart-upload-id')}`;
    const body = Buffer.alloc(MIB);
    const range = { 'Content-Range': `bytes 0-${MIB - 1}/*`, 'x-amz-sha256-tree-hash': treeHash(body) };
    using part = await open(ask(server, { method: 'PUT', target, headers: range, body }));
    expect(errorOf(await waiting.answer())).toEqual(TIMED_OUT);
    expect(errorOf(await part.answer())).toEqual(TIMED_OUT);
    expect((await call(server, { target })).json().Parts).toEqual([]);
  });

  test('F-34 a slow but steady one may take ten times as long', async () => {
    const vault = await newVault();
    const body = Buffer.alloc(100 * 500, 'slow');
    using connection = await open(askUpload(server, body, { vault }));
    const startedAtMs = performance.now();
    for (let at = 0; at < body.length; at += 500) {
      connection.send(body.subarray(at, at + 500));
      await sleep(STALL_MS / 10);
    }
    expect((await connection.answer()).status).toBe(201);
    expect(performance.now() - startedAtMs).toBeGreaterThan(STALL_MS * 10);
    expect(await archiveCount(server, vault)).toBe(1);
  });

  test.each([
    ['one byte a second', 1000],
    ['ten bytes a second', 100],
  ])('%s is not steady', async (_, pauseMs) => {
    const vault = await newVault();
    const body = Buffer.alloc(100, 'drip');
    using connection = await open(askUpload(server, body, { vault }));
    const startedAtMs = performance.now();
    const dripping = setInterval(() => connection.send('d'), pauseMs);
    expect(errorOf(await connection.answer())).toEqual(TIMED_OUT);
    clearInterval(dripping);
    expect(performance.now() - startedAtMs).toBeLessThan(STALL_MS * 4);
    expect(await archiveCount(server, vault)).toBe(0);
  });

  test('a pause of the client between two requests is none of an upload', async () => {
    const vault = await newVault();
    using connection = await Connection.open(server);
    for (let round = 0; round < 2; round += 1) {
      await sleep(STALL_MS * 1.5);
      const upload = sign(askUpload(server, Buffer.from('patience'), { vault }), server);
      expect((await connection.send(bytesOf(upload)).answer()).status).toBe(201);
    }
  });
});

describe('F-35 F-36 clients that vanish in the middle of a body', () => {
  const body = Buffer.alloc(4 * MIB, 3);

  test.each([
    ['by a reset', (connection: Connection) => void connection.socket.resetAndDestroy()],
    ['by closing', (connection: Connection) => void connection.socket.destroy()],
  ])('%s', async (_, vanish) => {
    const vault = await newVault();
    const connection = await open(askUpload(server, body, { vault }));
    connection.send(body.subarray(0, 3 * MIB));
    await until(() => incoming().length === 1);
    vanish(connection);
    await until(() => incoming().length === 0);
    expect(await archiveCount(server, vault)).toBe(0);
  });

  test('by closing their half, which leaves them an answer', async () => {
    const vault = await newVault();
    using connection = await open(askUpload(server, body, { vault }));
    connection.send(body.subarray(0, 3 * MIB)).socket.end();
    const message = 'The request ended before it was complete.';
    expect(errorOf(await connection.answer())).toEqual({ status: 400, code: 'BadRequest', message });
    await connection.ended({ withinMs: 1000 });
    expect(incoming()).toEqual([]);
    expect(await archiveCount(server, vault)).toBe(0);
  });

  test('a hundred of them leave neither files nor log lines that look like trouble', async () => {
    const vault = await newVault();
    const connections = await Promise.all(Array.from({ length: 100 }, () => open(askUpload(server, body, { vault }))));
    for (const connection of connections) connection.send(body.subarray(0, 1.5 * MIB));
    // Not all of them get memory at once; the others wait for it.
    await until(() => incoming().length >= 40);
    for (const connection of connections) connection.socket.resetAndDestroy();
    await until(() => incoming().length === 0);
    expect(await archiveCount(server, vault)).toBe(0);
    expect(troubleIn(server)).toEqual([]);
  });
});

describe('lengths', () => {
  const ends = async (request: RawRequest): Promise<ReturnType<typeof errorOf>> => {
    using connection = await open(request);
    const answer = await connection.answer();
    return errorOf(answer);
  };

  test('F-37 a body longer than its Content-Length: the archive is stored once, as announced, and the connection ends', async () => {
    const vault = await newVault();
    const request = sign(askUpload(server, Buffer.from('as announced'), { vault }), server);
    using connection = await Connection.open(server);
    connection.send(Buffer.concat([bytesOf(request), Buffer.from(' and more')]));
    const answer = await connection.answer();
    expect([answer.status, answer.header('x-amz-sha256-tree-hash')]).toEqual([201, sha256('as announced')]);
    await connection.ended({ withinMs: 3000 });
    expect(await archiveCount(server, vault)).toBe(1);
  });

  test('0 and more than 4 GiB are refused at once', async () => {
    const vault = await newVault();
    const refused = (length: string) =>
      ends(askUpload(server, Buffer.from('x'), { vault, headers: { 'Content-Length': length } }));
    for (const length of ['0', '4294967297', '99999999999']) {
      const startedAtMs = performance.now();
      const message = `Invalid Content-Length: ${length}`;
      expect(await refused(length)).toEqual({ status: 400, code: 'InvalidParameterValueException', message });
      expect(performance.now() - startedAtMs).toBeLessThan(STALL_MS);
    }
    expect(await refused('4294967296')).toEqual(TIMED_OUT);
  });

  test('none, or chunks in its place', async () => {
    const vault = await newVault();
    const headers = { 'Content-Length': null } as unknown as Record<string, string>;
    const outcome = {
      status: 400,
      code: 'MissingParameterValueException',
      message: 'Required parameter missing: Content-Length',
    };
    const missing = askUpload(server, Buffer.from('x'), { vault, headers });
    expect(await ends(missing)).toEqual(outcome);
    const chunked = { ...missing, headers: [...missing.headers, ['Transfer-Encoding', 'chunked'] as [string, string]] };
    using connection = await open(chunked);
    expect(errorOf(await connection.send('1\r\nx\r\n0\r\n\r\n').answer())).toEqual(outcome);
    expect(await archiveCount(server, vault)).toBe(0);
  });

  test('S-14 a part whose body is not the one that was signed is not stored', async () => {
    const vault = await newVault();
    const uploads = `/-/vaults/${vault}/multipart-uploads`;
    const started = await call(server, {
      method: 'POST',
      target: uploads,
      headers: { 'x-amz-part-size': String(MIB) },
    });
    const target = `${uploads}/${started.header('x-amz-multipart-upload-id')}`;
    const body = Buffer.from('a part');
    const headers = { 'Content-Range': 'bytes 0-5/*', 'x-amz-sha256-tree-hash': treeHash(body) };
    const before = storedFiles(server).length;
    using connection = await open(ask(server, { method: 'PUT', target, headers, body }));
    expect(errorOf(await connection.send('A part').answer())).toMatchObject({
      status: 403,
      code: 'InvalidSignatureException',
    });
    expect((await call(server, { target })).json().Parts).toEqual([]);
    expect(storedFiles(server)).toHaveLength(before);
  });
});
