import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * One HTTP/1.1 connection that costs the machine as little as a client can: heads are ready-made text, bodies are one
 * buffer sent again and again, and what comes back lands in one buffer and is only counted. It understands answers with
 * a Content-Length, which is what the compared servers send.
 */
const RECEIVE_BYTES = 1024 * 1024;
const HEAD_END = '\r\n\r\n';

/** A body that repeats `piece`, `sizeBytes` long. */
export interface RepeatedBody {
  piece: Buffer;
  sizeBytes: number;
}

export interface Answer {
  status: number;
  /** The head as it came. */
  head: string;
  bodyBytes: number;
  /** The body, when it was asked for. */
  text: string;
}

export interface SendOptions {
  body?: RepeatedBody;
  /** Whether the answer holds its body as text. */
  keepText?: boolean;
  /** Sees the body as it comes; the bytes are good until it returns. */
  onBody?: (bytes: Buffer) => void;
}

export class Connection implements Disposable {
  readonly #socket: Socket;
  #pending: PromiseWithResolvers<Answer> | undefined;
  #answer: Answer | undefined;
  #headBytes = Buffer.alloc(0);
  #leftBytes = 0;
  #keepText = false;
  #onBody: ((bytes: Buffer) => void) | undefined;

  private constructor(url: string) {
    const { hostname, port } = new URL(url);
    const onread = { buffer: Buffer.allocUnsafeSlow(RECEIVE_BYTES), callback: this.#receive.bind(this) };
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true, onread });
    this.#socket.on('error', (error) => this.#pending?.reject(error));
    this.#socket.on('close', () => this.#pending?.reject(closedError()));
  }

  static async open(url: string): Promise<Connection> {
    const connection = new Connection(url);
    await once(connection.#socket, 'connect');
    return connection;
  }

  /** Sends a request and resolves when its answer is there to the last byte. */
  async send(head: string, { body, keepText = false, onBody }: SendOptions = {}): Promise<Answer> {
    if (this.#socket.destroyed) throw closedError();
    const pending = Promise.withResolvers<Answer>();
    // A failure while the body is still being sent is thrown below.
    pending.promise.catch(() => undefined);
    this.#pending = pending;
    this.#keepText = keepText;
    this.#onBody = onBody;
    this.#socket.write(head, 'latin1');
    if (body !== undefined) await this.#sendBody(body, pending.promise);
    return await pending.promise;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  /** Stops when the server answers before it has everything, which it does to refuse. */
  async #sendBody({ piece, sizeBytes }: RepeatedBody, answered: Promise<Answer>): Promise<void> {
    for (let left = sizeBytes; left > 0 && this.#pending !== undefined; left -= piece.length) {
      const flowing = this.#socket.write(piece.subarray(0, left));
      if (!flowing) await Promise.race([once(this.#socket, 'drain'), answered]);
    }
  }

  /** Returns true, which tells the socket to go on. */
  #receive(receivedBytes: number, buffer: Uint8Array): boolean {
    const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, receivedBytes);
    if (this.#answer === undefined) this.#receiveHead(bytes);
    else this.#receiveBody(this.#answer, bytes);
    return true;
  }

  #receiveHead(bytes: Buffer): void {
    this.#headBytes = Buffer.concat([this.#headBytes, bytes]);
    const end = this.#headBytes.indexOf(HEAD_END);
    if (end < 0) return;
    const head = this.#headBytes.toString('latin1', 0, end);
    const rest = this.#headBytes.subarray(end + HEAD_END.length);
    this.#headBytes = Buffer.alloc(0);
    this.#leftBytes = Number(headerOf(head, 'content-length') ?? 0);
    this.#answer = { status: Number(head.slice(9, 12)), head, bodyBytes: 0, text: '' };
    this.#receiveBody(this.#answer, rest);
  }

  #receiveBody(answer: Answer, bytes: Buffer): void {
    // The texts of interest are ASCII, so that pieces may be decoded one by one.
    if (this.#keepText) answer.text += bytes.toString('latin1');
    this.#onBody?.(bytes);
    answer.bodyBytes += bytes.length;
    this.#leftBytes -= bytes.length;
    if (this.#leftBytes > 0) return;
    const pending = this.#pending;
    this.#pending = undefined;
    this.#answer = undefined;
    pending?.resolve(answer);
  }
}

const closedError = (): Error => new Error('the server closed the connection');

/** A header of an answer; the name in lower case. */
export function headerOf(head: string, name: string): string | undefined {
  return new RegExp(`^${name}:[ ]*(.*)$`, 'im').exec(head)?.[1]?.trim();
}

export function expectStatus(status: number, answer: Answer): Answer {
  if (answer.status === status) return answer;
  throw new Error(`the server answered ${answer.status} instead of ${status}: ${answer.text}`);
}
