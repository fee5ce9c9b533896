import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ApiServerOptions } from './server.ts';
import { ApiServer } from './server.ts';

// Not vi.mock: another file of the same process may have imported the server, which has its node:http then.
beforeAll(() => {
  vi.spyOn(http, 'createServer');
  syncBuiltinESMExports();
});
afterAll(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

let reasons: string[] = [];
let ready: () => Promise<boolean> = async () => true;
const logged: unknown[] = [];
const options = {
  health: { isReady: () => ready(), reasons: () => reasons },
  log: { error: (...args: unknown[]) => logged.push(args), debug: () => undefined },
  listen: { host: '127.0.0.1', port: 0 },
  uploadStallTimeoutMs: 1000,
  gate: {},
  trustedProxies: [],
} as unknown as ApiServerOptions;
afterEach(() => {
  ready = async () => true;
  reasons = [];
  logged.length = 0;
});

describe('the server', () => {
  test('gives heads half a minute and bodies all the time they need', async () => {
    await using _ = await ApiServer.start(options);
    const created = vi.mocked(http.createServer).mock.results[0]?.value as http.Server;
    expect(created).toMatchObject({
      headersTimeout: 30_000,
      requestTimeout: 0,
      timeout: 0,
      keepAliveTimeout: 60_000,
      maxHeadersCount: 0,
      maxConnections: 4096,
      httpAllowHalfOpen: true,
    });
    expect(http.createServer).toHaveBeenCalledWith(
      expect.objectContaining({ connectionsCheckingInterval: 10_000, maxHeaderSize: 16_384, requireHostHeader: false }),
    );
  });

  test('tells whether it is ready', async () => {
    await using server = await ApiServer.start(options);
    const page = async () => {
      const answer = await fetch(`${server.url}/readyz`);
      return [answer.status, await answer.text()];
    };
    expect(await page()).toEqual([200, '{"status":"ok"}']);
    reasons = ['low-space', 'damage'];
    expect(await page()).toEqual([200, '{"status":"degraded: low-space, damage"}']);
    ready = async () => false;
    expect(await page()).toEqual([503, '{"status":"unavailable"}']);
    expect(logged).toEqual([]);
    ready = () => Promise.reject(new Error('a defect'));
    const [status, text] = await page();
    expect([status, JSON.parse(String(text)).code]).toEqual([500, 'ServiceUnavailableException']);
    expect(text).not.toContain('defect');
    expect(logged).toHaveLength(1);
  });

  test('survives trouble with accepting connections, and says so', async () => {
    vi.mocked(http.createServer).mockClear();
    await using server = await ApiServer.start(options);
    const created = vi.mocked(http.createServer).mock.results[0]?.value as http.Server;
    created.emit('error', new Error('accept EMFILE'));
    created.emit('error', new Error('accept EMFILE'));
    expect(logged).toHaveLength(2);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  test('does not start where it cannot listen', async () => {
    await using server = await ApiServer.start(options);
    const port = Number(new URL(server.url).port);
    await expect(ApiServer.start({ ...options, listen: { host: '127.0.0.1', port } })).rejects.toThrow('EADDRINUSE');
  });

  test('waits for the requests that run, and takes no others, when it is disposed', async () => {
    const server = await ApiServer.start(options);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    ready = () => promise;
    const agent = new http.Agent({ keepAlive: true });
    const status = new Promise((done) => {
      http.get(`${server.url}/readyz`, { agent }, (answer) => answer.resume().on('end', () => done(answer.statusCode)));
    });
    await new Promise((later) => setTimeout(later, 50));
    const { url } = server;
    const disposed = server[Symbol.asyncDispose]();
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    resolve(true);
    expect(await status).toBe(200);
    // The client would have kept its connection.
    await disposed;
    agent.destroy();
  });
});
