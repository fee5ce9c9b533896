import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Core } from '../core/core.ts';
import { GlacierError } from '../model/errors.ts';
import { newRequestId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { pathSegments } from '../sigv4/path.ts';
import type { Log } from '../telemetry/log.ts';
import { authenticate, type Gate } from './authenticate.ts';
import { authorize } from './authorize.ts';
import { ClientGoneError, RequestBody } from './body.ts';
import { Call } from './call.ts';
import { refuseConnection } from './connection-errors.ts';
import { INTERNAL_ERROR } from './errors.ts';
import { readHead } from './framing.ts';
import { operations } from './operations/index.ts';
import { type Health, servePage } from './pages.ts';
import type { Reply } from './reply.ts';
import { type Exchange, sendError, sendReply } from './respond.ts';
import { createRouter } from './route.ts';

export interface ApiServerOptions {
  core: Core;
  gate: Gate;
  health: Health;
  log: Log;
  listen: { host: string; port: number };
  uploadStallTimeoutMs: number;
}

/** The Glacier API over HTTP. Disposing it stops listening and waits for the requests that are running. */
export class ApiServer implements AsyncDisposable {
  readonly #options: ApiServerOptions;
  readonly #server: Server;
  readonly #route = createRouter(operations);
  /** The request that a connection is working on. */
  readonly #current = new WeakMap<Socket, Exchange>();

  private constructor(options: ApiServerOptions) {
    this.#options = options;
    this.#server = createServer({
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      // An upload may take hours; what must not happen is that it stands still, and the body watches that itself.
      requestTimeout: 0,
    });
    this.#server.on('request', (request, response) => this.#accept(request, response, false));
    this.#server.on('checkContinue', (request, response) => this.#accept(request, response, true));
    this.#server.on('clientError', (error, socket) =>
      refuseConnection(error, { socket: socket as Socket, exchange: this.#current.get(socket as Socket) }),
    );
  }

  static async start(options: ApiServerOptions): Promise<ApiServer> {
    const started = new ApiServer(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    started.#server.once('error', reject);
    started.#server.listen(options.listen.port, options.listen.host, resolve);
    await promise;
    return started;
  }

  /** `http://host:port` with the real port. */
  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeIdleConnections();
    await promise;
  }

  #accept(request: IncomingMessage, response: ServerResponse, awaitsInvitation: boolean): void {
    const body = new RequestBody({
      request,
      response,
      awaitsInvitation,
      stallTimeoutMs: this.#options.uploadStallTimeoutMs,
    });
    const exchange: Exchange = { requestId: newRequestId(), response, body, authenticated: false };
    this.#current.set(request.socket, exchange);
    // Errors of the connection reach whoever reads the body or writes the answer; alone they mean nothing.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    this.#handle(request, exchange).catch((error: unknown) => {
      this.#options.log.error({ error, requestId: exchange.requestId }, 'the answer could not be sent');
      response.destroy();
    });
  }

  async #handle(request: IncomingMessage, exchange: Exchange): Promise<void> {
    if (await servePage(this.#options.health, request, exchange.response)) return;
    try {
      await sendReply(exchange, await this.#answer(request, exchange));
    } catch (error) {
      await this.#sendFailure(error, request, exchange);
    }
  }

  /** Authentication, routing, authorisation, the operation: in this order for every request. */
  async #answer(request: IncomingMessage, exchange: Exchange): Promise<Required<Reply>> {
    const { gate, core } = this.#options;
    const head = readHead(request);
    // What is signed and what is routed are the same list.
    const segments = pathSegments(head.target.path);
    const authenticated = await authenticate(gate, { head, segments, body: exchange.body });
    exchange.authenticated = true;
    const { operation, parameters } = this.#route(head.method, segments);
    authorize({ head, accountId: parameters.accountId, caller: authenticated.caller });
    const call = new Call({ head, authenticated, parameters, body: exchange.body });
    if (operation.body === 'whole') await call.verifiedBody();
    return { status: operation.status, ...(await operation.run(call, core)) };
  }

  async #sendFailure(error: unknown, request: IncomingMessage, exchange: Exchange): Promise<void> {
    const { log } = this.#options;
    const { requestId, response } = exchange;
    if (error instanceof ClientGoneError || response.destroyed) {
      log.debug({ requestId }, 'the client went away');
      response.destroy();
      return;
    }
    const known = error instanceof GlacierError;
    if (!known) log.error({ error, requestId, method: request.method, target: request.url }, 'the request failed');
    // Once the head is out, cutting the connection is the only way to say that the bytes are not all there.
    if (response.headersSent) response.destroy();
    else await sendError(exchange, known ? error : INTERNAL_ERROR);
  }
}
