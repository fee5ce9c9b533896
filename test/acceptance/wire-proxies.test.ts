import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DescribeVaultCommand } from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auditRecords } from '../support/audit.ts';
import { glacierClient, refusalOf, uploadArchive } from '../support/clients.ts';
import { ask, bytesOf, type Header, send, sign } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault, errorOf } from '../support/wire.ts';

/**
 * Behind a proxy that ends TLS, calls the server by another name and takes a prefix off the path. What it says of its
 * clients counts where the server was told to trust it, and nowhere else.
 */
const PREFIX = '/cold';
const CLIENT_IP = '203.0.113.9';
let trusting: TestServer;
let wary: TestServer;
beforeAll(async () => {
  trusting = await startServer({ flags: ['--trusted-proxies', '192.0.2.0/24,127.0.0.1'] });
  wary = await startServer({ flags: ['--trusted-proxies', '192.0.2.0/24'] });
  for (const server of [trusting, wary]) await createVault(server, 'wire');
});
afterAll(async () => {
  await trusting[Symbol.asyncDispose]();
  await wary[Symbol.asyncDispose]();
});

interface Proxy extends AsyncDisposable {
  url: string;
}

/** Its clients speak plain HTTP to it here; it says that they did not. */
async function startProxy(to: TestServer): Promise<Proxy> {
  const proxy: Server = createServer((request, response) => {
    const { method, url = '', headers } = request;
    const forwarded = {
      ...headers,
      host: `inner.example:${to.port}`,
      'x-forwarded-for': [headers['x-forwarded-for'], CLIENT_IP].filter(Boolean).join(', '),
      'x-forwarded-proto': 'https',
      'x-forwarded-host': headers.host,
      'x-forwarded-prefix': PREFIX,
    };
    const path = url.startsWith(PREFIX) ? url.slice(PREFIX.length) : url;
    const onward = httpRequest({ host: '127.0.0.1', port: to.port, method, path, headers: forwarded }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${PREFIX}`,
    [Symbol.asyncDispose]: async () => {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

describe('a proxy that rewrites the host and the path', () => {
  test('S-20 is invisible to clients when it is trusted, and its client is known', async () => {
    await using proxy = await startProxy(trusting);
    const client = glacierClient({ ...trusting, url: proxy.url });
    const archiveId = await uploadArchive(client, { vaultName: 'wire', body: Buffer.from('through the proxy') });
    const described = await client.send(new DescribeVaultCommand({ accountId: '-', vaultName: 'wire' }));
    expect(described.NumberOfArchives).toBe(1);
    const [record] = await auditRecords(trusting, ({ eventName }) => eventName === 'UploadArchive');
    expect(record).toMatchObject({ sourceIPAddress: CLIENT_IP, responseElements: { archiveId } });
  });

  test('S-20 makes signatures wrong when it is not, and its client is the proxy', async () => {
    await using proxy = await startProxy(wary);
    const client = glacierClient({ ...wary, url: proxy.url });
    const refusal = await refusalOf(client.send(new DescribeVaultCommand({ accountId: '-', vaultName: 'wire' })));
    expect(refusal).toMatchObject({ status: 403, code: 'InvalidSignatureException' });
    const [record] = await auditRecords(wary, ({ errorCode }) => errorCode === 'InvalidSignatureException');
    expect(record).toMatchObject({ sourceIPAddress: '127.0.0.1', eventName: 'DescribeVault' });
  });
});

describe('what a client makes up', () => {
  const forged: Header[] = [
    ['X-Forwarded-For', '198.51.100.1'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', 'elsewhere.example'],
    ['X-Forwarded-Prefix', '/elsewhere'],
    ['Forwarded', 'for=198.51.100.1;host=elsewhere.example;proto=https'],
    ['X-Real-IP', '198.51.100.1'],
  ];

  test('S-20 changes nothing where nobody trusts it', async () => {
    const request = sign(ask(wary, { method: 'PUT', target: '/-/vaults/made-up' }), wary);
    const headers = [...request.headers, ...forged];
    expect((await send(wary, bytesOf({ ...request, headers }))).status).toBe(201);
    const [record] = await auditRecords(wary, ({ requestParameters }) => requestParameters?.vaultName === 'made-up');
    expect(record?.sourceIPAddress).toBe('127.0.0.1');
  });

  test('S-20 and passes through a proxy without being believed', async () => {
    await using proxy = await startProxy(trusting);
    const { port } = new URL(proxy.url);
    const asked = ask(trusting, {
      method: 'PUT',
      target: `${PREFIX}/-/vaults/made-up`,
      headers: { Host: `127.0.0.1:${port}` },
    });
    const request = sign(asked, trusting);
    const headers = [...request.headers, ...forged.slice(0, 1)];
    expect((await send({ port: Number(port) }, bytesOf({ ...request, headers }))).status).toBe(201);
    const [record] = await auditRecords(
      trusting,
      ({ requestParameters }) => requestParameters?.vaultName === 'made-up',
    );
    expect(record?.sourceIPAddress).toBe(CLIENT_IP);
  });

  test('S-20 a prefix that is none is refused from a proxy only', async () => {
    const request = (server: TestServer) => sign(ask(server, { target: '/-/vaults/wire' }), server);
    const bytes = (server: TestServer) => {
      const signed = request(server);
      return bytesOf({ ...signed, headers: [...signed.headers, ['X-Forwarded-Prefix', '/a/../b']] });
    };
    expect(errorOf(await send(trusting, bytes(trusting)))).toMatchObject({ status: 400, code: 'BadRequest' });
    expect((await send(wary, bytes(wary))).status).toBe(200);
  });
});
