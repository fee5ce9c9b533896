import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { limits } from '../model/limits.ts';
import type { Facts } from './facts.ts';
import type { Log } from './log.ts';

export interface AdminListenerOptions {
  listen: { host: string; port: number };
  /** In the text format of Prometheus. */
  metrics: { contentType: string; text: () => Promise<string> };
  facts: () => Promise<Facts>;
  isReady: () => Promise<boolean>;
  log: Log;
}

/** What programs that watch servers ask for, apart from the API: it asks nobody who they are, so the operator says where it is. */
export class AdminListener implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(options: AdminListenerOptions): Promise<AdminListener> {
    const { listen, log } = options;
    const server = createServer({ headersTimeout: limits.headersTimeoutMs, requestTimeout: limits.headersTimeoutMs });
    server.maxConnections = limits.adminConnectionsMax;
    server.on('request', (request, response) => {
      answer(options, { request, response }).catch((error: unknown) => {
        log.error({ error }, 'a page of the admin listener could not be made');
        if (!response.headersSent) send(response, { status: 500, type: 'text/plain', text: 'unexpected error\n' });
      });
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen(listen.port, listen.host, resolve);
    await promise;
    server.off('error', reject);
    server.on('error', (error) => log.error({ error }, 'connections of the admin listener cannot be accepted'));
    return new AdminListener(server);
  }

  /** `http://host:port` with the real port. */
  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }
}

async function answer(
  { metrics, facts, isReady }: AdminListenerOptions,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  const json = (status: number, value: object) =>
    send(response, { status, type: 'application/json', text: `${JSON.stringify(value)}\n` });
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'only GET and HEAD' });
  const [path] = (request.url ?? '').split('?', 1);
  if (path === '/healthz') return json(200, { status: 'ok' });
  if (path === '/metrics')
    return send(response, { status: 200, type: metrics.contentType, text: await metrics.text() });
  if (path !== '/readyz') return json(404, { error: 'here are /metrics, /healthz and /readyz' });
  if (!(await isReady())) return json(503, { status: 'unavailable' });
  const { reasons, ...found } = await facts();
  const held = reasons.filter(({ holds }) => holds).map(({ reason }) => reason);
  json(200, { status: held.length === 0 ? 'ok' : 'degraded', reasons: held, ...found });
}

function send(response: ServerResponse, { status, type, text }: { status: number; type: string; text: string }): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(text);
}
