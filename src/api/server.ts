import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Caller } from '../core/callers.ts';
import type { Core } from '../core/core.ts';
import { GlacierError } from '../model/errors.ts';
import { newRequestId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { Range } from '../policy/addresses.ts';
import { pathSegments } from '../sigv4/path.ts';
import type { Log } from '../telemetry/log.ts';
import type { EndedRequest } from '../telemetry/metrics.ts';
import { isDenied, type Notes, recordOf } from './audit.ts';
import { AuditNoise } from './audit-noise.ts';
import { type Authenticated, authenticate, callerNow, type Gate, tellsOfTime } from './authenticate.ts';
import { ClientGoneError, RequestBody } from './body.ts';
import { Call } from './call.ts';
import { endConnection, refuseConnection } from './connection-errors.ts';
import { type ErrorForms, INTERNAL_ERROR } from './errors.ts';
import { Failures } from './failures.ts';
import { queryParameters, type RequestHead, readHead } from './framing.ts';
import { operations } from './operations/index.ts';
import { findPage, type Health } from './pages.ts';
import { arrivalOf, asSigned } from './peer.ts';
import { checkVersion, namedAccount } from './preconditions.ts';
import type { Reply } from './reply.ts';
import { type Exchange, sendError, sendReply } from './respond.ts';
import { createRouter, type Operation, type Route } from './route.ts';
import { findTopicPage } from './topic-pages.ts';
import { Traffic } from './traffic.ts';
import { Turns } from './turns.ts';

export interface ApiServerOptions {
  core: Core;
  gate: Gate;
  health: Health;
  log: Log;
  listen: { host: string; port: number };
  uploadStallTimeoutMs: number;
  /** Where proxies may be that say where requests come from. */
  trustedProxies: readonly Range[];
  /** Takes the records of the audit log; undefined when there is none. */
  audit: { write(record: object, worth: { minor: boolean }): void } | undefined;
  errorForms: ErrorForms;
  /** Told of every request when it is over. */
  onRequest?: (ended: EndedRequest) => void;
}

/** The Glacier API over HTTP. Disposing it stops listening, waits for the requests that run, and ends all connections. */
export class ApiServer implements AsyncDisposable {
  readonly #options: ApiServerOptions;
  readonly #server: Server;
  readonly #route = createRouter(operations);
  readonly #turns = new Turns();
  readonly #traffic = new Traffic();
  readonly #failures: Failures;
  readonly #noise: AuditNoise;
  readonly #sockets = new Set<Socket>();
  /** The request that arrived last on a connection. */
  readonly #latest = new WeakMap<Socket, Exchange>();

  private constructor(options: ApiServerOptions) {
    this.#options = options;
    this.#failures = new Failures(options.gate.clock);
    this.#noise = new AuditNoise(options.gate.clock);
    this.#server = createServer({
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: limits.headersCheckPauseMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      // An upload may take hours; what must not happen is that it stands still, and the body watches that itself.
      requestTimeout: 0,
      // Without it Node would answer by itself, and not as we do.
      requireHostHeader: false,
    });
    // Headers beyond this number would be dropped in silence; reading the head counts them.
    this.#server.maxHeadersCount = 0;
    this.#server.maxConnections = limits.connectionsMax;
    // A client that has sent everything may close its half of the connection and still wants its answer. Not in the types.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    this.#listen();
  }

  #listen(): void {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('request', (request, response) => this.#accept(request, response, false));
    this.#server.on('checkContinue', (request, response) => this.#accept(request, response, true));
    this.#server.on('checkExpectation', (request, response) => this.#accept(request, response, false));
    this.#server.on('connect', (_request, socket) => {
      // Node has let go of this socket, its errors included.
      socket.on('error', () => undefined);
      // No proxy is here, so this is as little a request as bytes that are not HTTP.
      this.#refuse(new Error('CONNECT'), socket as Socket);
    });
    this.#server.on('clientError', (error, socket) => this.#refuse(error, socket as Socket));
  }

  static async start(options: ApiServerOptions): Promise<ApiServer> {
    const started = new ApiServer(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    started.#server.once('error', reject);
    started.#server.listen(options.listen.port, options.listen.host, resolve);
    await promise;
    started.#server.off('error', reject);
    // Such as no more file descriptors for new connections: those that are there go on.
    started.#server.on('error', (error) => options.log.error({ error }, 'connections cannot be accepted'));
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
    // Node would wait for those that never sent a whole head, and time them out no longer.
    for (const socket of this.#sockets) if (!this.#turns.pending(socket)) socket.destroy();
    await promise;
    // A request whose client is gone may still be tidying up.
    await this.#turns.over();
  }

  #refuse(error: Error, socket: Socket): void {
    refuseConnection(error, { socket, exchange: this.#latest.get(socket) });
  }

  #accept(request: IncomingMessage, response: ServerResponse, awaitsInvitation: boolean): void {
    const { socket } = request;
    const { uploadStallTimeoutMs: stallTimeoutMs } = this.#options;
    const body = new RequestBody({ request, response, awaitsInvitation, stallTimeoutMs });
    const exchange: Exchange = { requestId: newRequestId(), response, body, authenticated: false };
    this.#latest.set(socket, exchange);
    // Errors of the connection reach whoever reads the body or writes the answer; alone they mean nothing.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    if (!this.#turns.take(socket, () => this.#serve(request, exchange))) socket.destroy();
  }

  async #serve(request: IncomingMessage, exchange: Exchange): Promise<void> {
    const { requestId, response } = exchange;
    const { socket } = request;
    // An answer before this one ended the connection: what cannot be answered is not carried out either.
    if (!socket.writable) return;
    const startedAtMs = performance.now();
    try {
      await this.#handle(request, exchange);
    } catch (error) {
      this.#options.log.error({ error, requestId }, 'the answer could not be sent');
      response.destroy();
    }
    this.#tellOf(request, exchange, startedAtMs);
    await this.#audit(exchange);
    if (!response.closed) await new Promise((resolve) => response.once('close', resolve));
    if (!this.#server.listening) endConnection(socket);
  }

  async #handle(request: IncomingMessage, exchange: Exchange): Promise<void> {
    try {
      await sendReply(exchange, await this.#answer(request, exchange));
    } catch (error) {
      await this.#sendFailure(error, request, exchange);
    }
  }

  /** The query stays out of the log: credentials that were put there by mistake are credentials all the same. */
  #tellOf({ method, url = '', socket }: IncomingMessage, exchange: Exchange, startedAtMs: number): void {
    const { requestId, response, refusal, notes } = exchange;
    const durationMs = Math.round(performance.now() - startedAtMs);
    const path = splitPath(url);
    const { statusCode: status } = response;
    this.#options.log.debug({ requestId, method, path, status, refusal, durationMs }, 'request');
    const traffic = this.#traffic.of(socket);
    this.#options.onRequest?.({ operation: notes?.route?.operation.name, status, durationMs, ...traffic });
  }

  /** What goes wrong here is no concern of whoever sent the request, and no reason to end. */
  async #audit({ requestId, notes }: Exchange): Promise<void> {
    try {
      if (notes !== undefined) await this.#record(requestId, notes);
    } catch (error) {
      this.#options.log.error({ error, requestId }, 'a record of the audit log could not be made');
    }
  }

  async #record(requestId: string, notes: Notes): Promise<void> {
    const { audit, gate } = this.#options;
    if (audit === undefined) return;
    const weight = this.#noise.weigh(notes);
    if (weight === 'untold') return;
    if (weight === 'last') notes.isLastOfMany = true;
    const { head } = notes;
    const findRoute = () => this.#routeOf(head, pathSegments(head.target.path));
    const { region, clock } = gate;
    const record = await recordOf(notes, { requestId, nowMs: clock.nowMs(), region, findRoute });
    if (record !== undefined) audit.write(record, { minor: isDenied(notes) });
  }

  /**
   * Authentication, routing, authorisation, the operation: in this order for every request but those for our pages. A body
   * that is not streamed is there before it is decided about the request, and the key is looked up anew when it had to be
   * waited for, so that nothing can wait between the decision and what it is about. A streamed body comes after: its
   * client was decided about when it began, and may take hours to end.
   */
  async #answer(request: IncomingMessage, exchange: Exchange): Promise<Required<Reply>> {
    const { core, health } = this.#options;
    const page = (await findPage(health, request)) ?? (await findTopicPage(core.topics, exchange.requestId, request));
    if (page !== undefined) return page;
    const head = readHead(request);
    const arrival = arrivalOf(request, head, this.#options.trustedProxies);
    const notes: Notes = { head, arrival };
    exchange.notes = notes;
    // What is signed and what is routed are the same list.
    const segments = pathSegments(head.target.path);
    const authenticated = await this.#authenticate(notes, { segments, body: exchange.body });
    exchange.authenticated = true;
    notes.caller = authenticated.caller;
    const route = this.#routeOf(head, segments);
    notes.route = route;
    const { operation, parameters } = route;
    checkVersion(head);
    const accountId = namedAccount(parameters.accountId, authenticated.caller);
    const call = new Call({ head, authenticated, accountId, parameters, body: exchange.body });
    Object.assign(notes, { accountId, call });
    const caller = await this.#callerAfterBody(operation, { call, authenticated });
    notes.caller = caller;
    const asker = { caller, circumstances: arrival.circumstances };
    await core.authorisation.require({
      ...asker,
      action: operation.name,
      accountId,
      vaultName: parameters.vaultName,
      subject: (await operation.subject?.(call)) ?? {},
    });
    call.letIn(asker);
    const reply = await operation.run(call, core);
    notes.reply = reply;
    return { status: operation.status, ...reply };
  }

  async #callerAfterBody(
    { body }: Operation,
    { call, authenticated }: { call: Call; authenticated: Authenticated },
  ): Promise<Caller> {
    const waits = !call.body.isThere;
    if (body === 'stream') return authenticated.caller;
    await call.verifiedBody();
    return waits ? callerNow(this.#options.gate, authenticated) : authenticated.caller;
  }

  #routeOf({ method, target }: RequestHead, segments: readonly string[]): Route {
    return this.#route({ method, segments, query: queryParameters(target.query) });
  }

  /** A source that fails too often is told nothing but that, and what only time is to blame for: it helps nobody who tries. */
  async #authenticate(
    notes: Notes,
    { segments, body }: { segments: readonly string[]; body: RequestBody },
  ): Promise<Authenticated> {
    const { head, arrival } = notes;
    const { sourceIp } = arrival.circumstances;
    try {
      const onKnownKey = (accessKeyId: string) => {
        notes.knownKeyId = accessKeyId;
      };
      return await authenticate(this.#options.gate, { ...asSigned(arrival, { head, segments }), body, onKnownKey });
    } catch (error) {
      const excess = error instanceof GlacierError ? this.#failures.add(sourceIp) : 0;
      if (excess === 1) this.#options.log.warn({ sourceIp }, 'a source fails to authenticate too often');
      if (excess === 0 || tellsOfTime(error)) throw error;
      throw new GlacierError('ThrottlingException', 'Rate exceeded', { cause: error });
    }
  }

  async #sendFailure(error: unknown, request: IncomingMessage, exchange: Exchange): Promise<void> {
    const { log } = this.#options;
    const { requestId, response, notes } = exchange;
    if (notes !== undefined) notes.error = error;
    const gone = error instanceof ClientGoneError;
    const known = error instanceof GlacierError;
    if (gone) log.debug({ requestId }, 'the client went away');
    else if (!known) {
      log.error({ error, requestId, method: request.method, path: splitPath(request.url ?? '') }, 'the request failed');
    }
    // Once the head is out, cutting the connection is the only way to say that the bytes are not all there.
    if (gone || response.destroyed || response.headersSent) response.destroy();
    else await sendError(exchange, known ? error : INTERNAL_ERROR, this.#options.errorForms);
    if (known) exchange.refusal = `${error.code}: ${error.message.split('\n', 1)[0]}`;
  }
}

const splitPath = (target: string): string => target.split('?', 1)[0] ?? '';
