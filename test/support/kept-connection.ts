import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Asking, ask, bytesOf, sign } from './raw.ts';
import type { TestServer } from './server.ts';

/**
 * A connection that is kept for thousands of requests, one after the other, and costs the machine little, so that a few
 * dozen of them put a server under load. It knows answers with a Content-Length, or none.
 */
export interface KeptAnswer {
  status: number;
  header(name: string): string | undefined;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came
  json: any;
}

const HEAD_END = '\r\n\r\n';

export class KeptConnection implements Disposable {
  readonly #socket: Socket;
  #received = '';
  #pending: PromiseWithResolvers<KeptAnswer> | undefined;

  private constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (chunk: string) => this.#receive(chunk));
    this.#socket.on('error', (error) => this.#cut(error));
    this.#socket.on('close', () => this.#cut(new Error('the server closed the connection')));
  }

  static async open({ port }: Pick<TestServer, 'port'>): Promise<KeptConnection> {
    const connection = new KeptConnection(port);
    await once(connection.#socket, 'connect');
    return connection;
  }

  /** Sends a request; rejects when the connection ends before the whole answer is there. */
  async send(bytes: Buffer): Promise<KeptAnswer> {
    if (this.#socket.destroyed || this.#socket.readableEnded) throw new Error('the connection is closed');
    const pending = Promise.withResolvers<KeptAnswer>();
    this.#pending = pending;
    this.#socket.write(bytes);
    return await pending.promise;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #cut(error: Error): void {
    this.#pending?.reject(error);
    this.#pending = undefined;
  }

  #receive(chunk: string): void {
    this.#received += chunk;
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.#received.slice(0, headEnd);
    const header = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim();
    const end = headEnd + HEAD_END.length + Number(header('content-length') ?? 0);
    if (this.#received.length < end) return;
    // One character is one byte until here.
    const text = Buffer.from(this.#received.slice(headEnd + HEAD_END.length, end), 'latin1').toString('utf8');
    this.#received = this.#received.slice(end);
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.resolve({
      status: Number(head.slice(9, 12)),
      header,
      text,
      get json() {
        return JSON.parse(text);
      },
    });
  }
}

/** Signs requests; the same one is signed once a second only, and sent again until then. */
export function signerOf(server: TestServer): (asking: Asking) => Buffer {
  const signed = new Map<string, Buffer>();
  let second = 0;
  return (asking) => {
    const now = Math.floor(Date.now() / 1000);
    if (now !== second) signed.clear();
    second = now;
    const key = JSON.stringify(asking);
    const bytes = signed.get(key) ?? bytesOf(sign(ask(server, asking), server));
    signed.set(key, bytes);
    return bytes;
  };
}

export type Caller = (asking: Asking) => Promise<KeptAnswer>;

/** Runs `use` with a connection to the server, and a way to ask over it. */
export async function withCaller<T>(server: TestServer, use: (call: Caller) => Promise<T>): Promise<T> {
  using connection = await KeptConnection.open(server);
  const signed = signerOf(server);
  return await use((asking) => connection.send(signed(asking)));
}
