import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collect } from '../support/program.ts';
import { ask, Connection, call, headOf, type RawRequest, sha256, sign } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault, errorOf, storedFiles } from '../support/wire.ts';

/**
 * Answers to requests whose body is still on its way. A client that is busy sending must be able to see why it was refused,
 * and a stranger must not make the server read gigabytes.
 */
const MIB = 1 << 20;
const SEND_BODY = fileURLToPath(new URL('../support/send_body.py', import.meta.url));
let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await createVault(server, 'wire');
});
afterAll(() => server[Symbol.asyncDispose]());

interface Refusal {
  mebibytes: number;
  request: () => RawRequest;
  outcome: string;
}

const uploadOf = (mebibytes: number, treeHash: string) =>
  ask(server, {
    method: 'POST',
    target: '/-/vaults/wire/archives',
    headers: {
      'Content-Length': String(mebibytes * MIB),
      'x-amz-content-sha256': sha256('whatever'),
      'x-amz-sha256-tree-hash': treeHash,
    },
  });

/** All that the server's process has read from anywhere, connections included. */
const bytesReadBy = ({ child }: TestServer): number =>
  Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${child.pid}/io`, 'utf8'))?.[1]);

const REFUSALS: [string, Refusal][] = [
  [
    'a wrong signature before 5 MiB',
    {
      mebibytes: 5,
      request: () => sign(uploadOf(5, sha256('whatever')), { ...server, secretAccessKey: 'wrong' }),
      outcome: '403 InvalidSignatureException',
    },
  ],
  [
    'a wrong header before 50 MiB',
    { mebibytes: 50, request: () => sign(uploadOf(50, '000'), server), outcome: '400 InvalidParameterValueException' },
  ],
  [
    'no such vault before 50 MiB',
    {
      mebibytes: 50,
      request: () => sign({ ...uploadOf(50, sha256('x')), target: '/-/vaults/nowhere/archives' }, server),
      outcome: '404 ResourceNotFoundException',
    },
  ],
];

describe.each(REFUSALS)('%s', (_, { mebibytes, request, outcome }) => {
  test('is seen by fetch', async () => {
    const { method, target, headers } = request();
    const kept = headers.filter(([name]) => name !== 'Host' && name !== 'Content-Length');
    const body = new Uint8Array(mebibytes * MIB);
    const answer = await fetch(`${server.url}${target}`, { method, headers: kept, body });
    expect(`${answer.status} ${((await answer.json()) as { code: string }).code}`).toBe(outcome);
  });

  test('is seen by node:http', async () => {
    const { method, target, headers } = request();
    const outgoing = httpRequest({
      port: server.port,
      host: '127.0.0.1',
      method,
      path: target,
      headers: headers.flat(),
    });
    outgoing.on('error', () => {});
    const [answer] = await Promise.all([
      once(outgoing, 'response').then(([response]) => response),
      (async () => {
        for (let sent = 0; sent < mebibytes && !outgoing.destroyed; sent += 1) outgoing.write(Buffer.alloc(MIB));
        outgoing.end();
      })(),
    ]);
    const text = collect(answer);
    await once(answer, 'end');
    expect(`${answer.statusCode} ${JSON.parse(text()).code}`).toBe(outcome);
  });

  test("is seen by Python's http.client", async (context) => {
    if (spawnSync('python3', ['--version']).status !== 0) context.skip('python3 is not here');
    const { method, target, headers } = request();
    const child = spawn('python3', [SEND_BODY], { stdio: ['pipe', 'pipe', 'inherit'] });
    const output = collect(child.stdout);
    child.stdin.end(JSON.stringify({ port: server.port, method, target, headers, mebibytes }));
    await once(child, 'close');
    expect(output().trim()).toBe(outcome);
  });

  test('ends the connection once the body is through', async () => {
    using connection = await Connection.open(server);
    connection.send(headOf(request()));
    const answer = await connection.answer();
    expect(`${answer.status} ${errorOf(answer).code}`).toBe(outcome);
    expect(answer.header('connection')).toBe('close');
    for (let sent = 0; sent < mebibytes; sent += 1) connection.send(Buffer.alloc(MIB));
    await connection.ended({ withinMs: 4000 });
    expect(connection.error).toBeUndefined();
  });
});

test('S-30 a stranger with 4 GiB is shown the door before more than a little is read', async () => {
  using connection = await Connection.open(server);
  const request = sign(uploadOf(4096, sha256('whatever')), { ...server, secretAccessKey: 'wrong' });
  const readBefore = bytesReadBy(server);
  const startedAtMs = performance.now();
  connection.send(headOf(request));
  const sending = setInterval(() => {
    if (connection.socket.writableLength < 8 * MIB) connection.send(Buffer.alloc(MIB));
  }, 1);
  const answer = await connection.answer();
  expect(errorOf(answer)).toMatchObject({ status: 403, code: 'InvalidSignatureException' });
  await connection.ended({ withinMs: 4000 });
  clearInterval(sending);
  expect(performance.now() - startedAtMs).toBeLessThan(3000);
  // What was sent lies in the buffers of the two kernels, which the server does not control.
  expect(connection.socket.bytesWritten - connection.socket.writableLength).toBeLessThan(32 * MIB);
  // The first packet that its process took; the head is in it, and some reading that has nothing to do with it beside.
  expect(bytesReadBy(server) - readBefore).toBeLessThan(64 * 1024 + 8 * 1024);
});

test('a friend with 4 GiB is not listened to for ever either', async () => {
  using connection = await Connection.open(server);
  connection.send(headOf(sign(uploadOf(4096, '000'), server)));
  expect((await connection.answer()).status).toBe(400);
  const startedAtMs = performance.now();
  await connection.ended({ withinMs: 10_000 });
  expect(performance.now() - startedAtMs).toBeLessThan(7000);
});

test('nothing of all that was stored', async () => {
  expect(storedFiles(server)).toEqual([]);
  expect((await call(server, { target: '/-/vaults/wire' })).json().NumberOfArchives).toBe(0);
});
