import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { ConfigError } from '../config/errors.ts';
import { limits } from '../model/limits.ts';
import type { Log } from '../telemetry/log.ts';
import { LineReader, type Request, type Response, readRequest, sendLine } from './protocol.ts';
import { openSocketPath, SOCKET_NAME, type SocketPath } from './socket-path.ts';

/**
 * The operator's entrance to a running server: a socket in the data directory, which is private (0700) as the socket itself
 * is (0600). So whoever can connect could as well read the metadata, and nothing more is asked of them. The API has no
 * route to any of this.
 */
export interface AdminServerOptions {
  /** Held by this process, so a socket that lies there is that of a server which is gone. */
  dataDir: string;
  run: (request: Request) => Promise<Response>;
  log: Log;
}

const PRIVATE = 0o600;

/** Disposing it tells those who have not asked yet that the server ends, and waits for the commands that run. */
export class AdminServer implements AsyncDisposable {
  readonly #options: AdminServerOptions;
  readonly #path: SocketPath;
  readonly #server: Server;
  /** Connections whose request has not arrived. */
  readonly #waiting = new Set<Socket>();

  private constructor(options: AdminServerOptions, path: SocketPath) {
    this.#options = options;
    this.#path = path;
    this.#server = createServer((socket) => void this.#serve(socket));
    this.#server.maxConnections = limits.adminConnectionsMax;
  }

  /** Throws ConfigError when there can be no socket. */
  static async start(options: AdminServerOptions): Promise<AdminServer> {
    const shown = join(options.dataDir, SOCKET_NAME);
    try {
      removeStale(shown);
      const path = openSocketPath(options.dataDir);
      const started = new AdminServer(options, path);
      await started.#listen();
      chmodSync(shown, PRIVATE);
      return started;
    } catch (cause) {
      if (cause instanceof ConfigError) throw cause;
      throw new ConfigError(`the socket ${shown} cannot be made: ${(cause as Error).message}`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    // This removes the socket as well, by the name it was made with.
    this.#server.close(() => resolve());
    for (const socket of this.#waiting) answer(socket, { stopping: true });
    await promise;
    this.#path[Symbol.dispose]();
  }

  async #listen(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen(this.#path.path, resolve);
    await promise.catch((error: unknown) => {
      this.#path[Symbol.dispose]();
      throw error;
    });
    this.#server.off('error', reject);
    this.#server.on('error', (error) => this.#options.log.error({ error }, 'commands cannot be accepted'));
  }

  async #serve(socket: Socket): Promise<void> {
    socket.on('error', () => undefined);
    if (!this.#server.listening) return answer(socket, { stopping: true });
    this.#waiting.add(socket);
    socket.once('close', () => this.#waiting.delete(socket));
    const timer = setTimeout(() => socket.destroy(), limits.adminRequestMs);
    sendLine(socket, { moraine: 'commands' });
    const request = await readRequest(new LineReader(socket));
    clearTimeout(timer);
    // The server began to end while the request was on its way, and has said that it will not be looked at.
    if (!this.#waiting.delete(socket) || request === undefined) return;
    answer(socket, 'refusal' in request ? request : await this.#run(request));
  }

  async #run(request: Request): Promise<Response> {
    const { run, log } = this.#options;
    try {
      return await run(request);
    } catch (error) {
      log.error({ error, command: request.command }, 'a command of the operator failed');
      return { failure: 'the server met an unexpected error, which its log tells' };
    }
  }
}

function answer(socket: Socket, response: Response): void {
  sendLine(socket, response);
  // Whatever else comes is of no interest, and a client that does not take its answer is not waited for.
  socket.resume();
  socket.setTimeout(limits.adminRequestMs, () => socket.destroy());
  socket.end();
}

function removeStale(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) throw new ConfigError(`${path} is in the way of the socket for commands; move it elsewhere`);
  rmSync(path);
}
