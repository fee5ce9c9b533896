import type { IncomingMessage, ServerResponse } from 'node:http';
import { GlacierError, invalidParameter } from '../model/errors.ts';
import { limits, SECOND_MS } from '../model/limits.ts';

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

  /** The body as it comes. Throws RequestTimeoutException, ClientGoneError, or what `fail` was given. */
  async *stream(): AsyncGenerator<Buffer, void, void> {
    this.#invite();
    const request = this.#request;
    const wake = () => this.#wake();
    for (const event of EVENTS) request.on(event, wake);
    const stall = new StallWatch(this.#stallTimeoutMs);
    try {
      for (;;) {
        const chunk: Buffer | null = request.read();
        if (chunk !== null) {
          stall.received(chunk.length);
          yield chunk;
        } else if (request.readableEnded || this.lengthBytes === 0) {
          return;
        } else {
          await this.#next(stall);
        }
      }
    } finally {
      for (const event of EVENTS) request.off(event, wake);
    }
  }

  async #next(stall: StallWatch): Promise<void> {
    this.#throwIfBroken();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const stalled = await stall.wait(promise, resolve);
    this.#throwIfBroken();
    if (stalled) throw new GlacierError('RequestTimeoutException', 'Request timed out.');
  }

  #throwIfBroken(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#request.errored !== null) throw new ClientGoneError(this.#request.errored);
    if (this.#request.destroyed && !this.#request.readableEnded) throw new ClientGoneError();
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
    for await (const chunk of this.stream()) {
      sizeBytes += chunk.length;
      if (sizeBytes > bytesMax) throw tooLong(sizeBytes);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  #invite(): void {
    if (!this.#awaitsInvitation) return;
    this.#awaitsInvitation = false;
    this.#response.writeContinue();
  }
}

const ENDS = ['end', 'error', 'close'] as const;
const EVENTS = ['readable', ...ENDS] as const;

const NOTHING = Buffer.alloc(0);

const badLength = (sizeBytes: number | undefined): GlacierError =>
  invalidParameter(`Invalid Content-Length: ${sizeBytes}`);

/**
 * Tells a body that stands still from one that is only slow. Only the time spent waiting for the client counts, and it
 * counts anew whenever enough bytes came for the time it took.
 */
class StallWatch {
  readonly #timeoutMs: number;
  readonly #bytesMin: number;
  #waitedMs = 0;
  #bytes = 0;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#bytesMin = (timeoutMs / SECOND_MS) * limits.bodyRateBytesPerSecondMin;
  }

  received(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < this.#bytesMin) return;
    this.#bytes = 0;
    this.#waitedMs = 0;
  }

  /** Waits for `arrival`; `give` ends the wait when the time is up. True when it was. */
  async wait(arrival: Promise<void>, give: () => void): Promise<boolean> {
    const startedAt = performance.now();
    let stalled = false;
    const giveUp = () => {
      stalled = true;
      give();
    };
    // A busy server looks at what has arrived meanwhile before it blames the client.
    const timer = setTimeout(() => setImmediate(giveUp), Math.max(0, this.#timeoutMs - this.#waitedMs));
    await arrival;
    clearTimeout(timer);
    this.#waitedMs += performance.now() - startedAt;
    return stalled;
  }
}
