import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Flow, Sink } from '../core/flow.ts';
import { GlacierError, invalidParameter } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { StallWatch } from './stall-watch.ts';

/** The client went away in the middle of its request or of its answer; there is nobody left to talk to. */
export class ClientGoneError extends Error {
  constructor(cause?: unknown) {
    super('the client closed the connection too early', { cause });
    this.name = 'ClientGoneError';
  }
}

/**
 * The body of one request, read once, by whoever needs it. A slow body may take as long as it likes; one that (almost)
 * stands still for the stall time-out ends in RequestTimeoutException. A client that waits for `100 Continue` is invited
 * when somebody first reads, which authentication does not before it is sure of the client.
 */
export class RequestBody {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #stallTimeoutMs: number;
  #awaitsInvitation: boolean;
  #whole: Promise<Buffer> | undefined;
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(exchange: {
    request: IncomingMessage;
    response: ServerResponse;
    awaitsInvitation: boolean;
    stallTimeoutMs: number;
  }) {
    this.#request = exchange.request;
    this.#response = exchange.response;
    // Where there is no body, there is nothing to invite.
    this.#awaitsInvitation = exchange.awaitsInvitation && this.isAnnounced;
    this.#stallTimeoutMs = exchange.stallTimeoutMs;
  }

  /** What Content-Length says, or undefined without one. */
  get lengthBytes(): number | undefined {
    const length = this.#request.headers['content-length'];
    return length === undefined ? undefined : Number(length);
  }

  /** Whether a body is to come, or may be. */
  get isAnnounced(): boolean {
    return this.lengthBytes !== 0 && (this.lengthBytes ?? this.#request.headers['transfer-encoding']) !== undefined;
  }

  /** Whether the client has sent everything, so that the connection can serve another request. */
  get isComplete(): boolean {
    return this.#request.complete;
  }

  /**
   * Whether all of the body can be read without waiting for the client, as most bodies can that come with their head. Node
   * calls a request complete only a moment after it has handed out the last bytes.
   */
  get isThere(): boolean {
    if (this.#failure !== undefined || this.#request.destroyed || !this.isInvited) return false;
    return this.isComplete || this.#request.readableLength === this.lengthBytes;
  }

  /** Whether the client has been told to send its body, or did not ask, or has none. */
  get isInvited(): boolean {
    return !this.#awaitsInvitation;
  }

  /** Makes reading the body fail, because the connection ended or broke a rule of HTTP. */
  fail(error: Error): void {
    this.#failure = error;
    this.#wake();
  }

  /**
   * Waits until the client has sent everything or has given up, but no longer than `timeoutMs`. With `read` what comes is
   * taken and thrown away, so that the client gets on; without, it stays in the network.
   */
  async settle({ timeoutMs, read }: { timeoutMs: number; read: boolean }): Promise<void> {
    const request = this.#request;
    if (this.#failure !== undefined || request.destroyed || request.complete) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, timeoutMs);
    for (const event of ENDS) request.once(event, () => resolve());
    if (read) request.resume();
    await promise;
    clearTimeout(timer);
  }

  /** The whole body, at most `bytesMax`; may be asked for again. `tooLong` makes the error of a longer one. */
  whole({ bytesMax = limits.wholeBodyBytesMax, tooLong = badLength } = {}): Promise<Buffer> {
    this.#whole ??= this.#readWhole(bytesMax, tooLong);
    return this.#whole;
  }

  /**
   * Hands the body over as it comes. While the sink asks to wait nothing is read, and the client is not blamed for it. Throws
   * RequestTimeoutException, ClientGoneError, or what `fail` was given.
   */
  readonly flow: Flow = async ({ sink, signal }) => {
    const request = this.#request;
    this.#invite();
    if (this.isThere) {
      const body: Buffer = request.read() ?? NOTHING;
      await sink(body);
    } else if (!request.readableEnded && this.lengthBytes !== 0) {
      await this.#pass(sink, signal);
    }
  };

  async #pass(sink: Sink, signal: AbortSignal): Promise<void> {
    const request = this.#request;
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stall = new StallWatch(this.#stallTimeoutMs, () => reject(standsStill()));
    let isOver = false;
    /** The body may end while its last bytes still wait to be taken. */
    let taken: Promise<void> | undefined;
    const goOn = () => {
      if (isOver) return;
      stall.goOn();
      request.resume();
    };
    const onData = (chunk: Buffer) => {
      stall.received(chunk.length);
      try {
        taken = sink(chunk);
        if (taken === undefined) return;
        request.pause();
        stall.rest();
        taken.then(goOn, reject);
      } catch (error) {
        request.pause();
        reject(error);
      }
    };
    const onAbort = () => reject(signal.reason);
    const onEnd = () => {
      const failure = this.#failureNow();
      if (failure !== undefined) reject(failure);
      else if (request.readableEnded) resolve(taken);
    };
    this.#wake = onEnd;
    onEnd();
    for (const event of ENDS) request.on(event, onEnd);
    signal.addEventListener('abort', onAbort);
    try {
      request.on('data', onData).resume();
      await promise;
    } finally {
      isOver = true;
      stall.end();
      signal.removeEventListener('abort', onAbort);
      request.off('data', onData).pause();
      for (const event of ENDS) request.off(event, onEnd);
    }
  }

  #failureNow(): Error | undefined {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#request.errored !== null) return new ClientGoneError(this.#request.errored);
    if (this.#request.destroyed && !this.#request.readableEnded) return new ClientGoneError();
    return undefined;
  }

  async #readWhole(bytesMax: number, tooLong: typeof badLength): Promise<Buffer> {
    if (this.isThere) {
      const body: Buffer = this.#request.read() ?? NOTHING;
      if (body.length > bytesMax) throw tooLong(body.length);
      return body;
    }
    if ((this.lengthBytes ?? 0) > bytesMax) throw tooLong(this.lengthBytes);
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const sink = (chunk: Buffer): undefined => {
      sizeBytes += chunk.length;
      if (sizeBytes > bytesMax) throw tooLong(sizeBytes);
      chunks.push(chunk);
    };
    await this.flow({ sink, signal: NEVER });
    return Buffer.concat(chunks);
  }

  #invite(): void {
    if (!this.#awaitsInvitation) return;
    this.#awaitsInvitation = false;
    this.#response.writeContinue();
  }
}

const ENDS = ['end', 'error', 'close'] as const;

const NOTHING = Buffer.alloc(0);

const NEVER = new AbortController().signal;

const standsStill = (): GlacierError => new GlacierError('RequestTimeoutException', 'Request timed out.');

const badLength = (sizeBytes: number | undefined): GlacierError =>
  invalidParameter(`Invalid Content-Length: ${sizeBytes}`);
