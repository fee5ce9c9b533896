import { limits, SECOND_MS } from '../model/limits.ts';

/**
 * Tells a body that stands still from one that is only slow. Only the time spent waiting for the client counts, and it
 * counts anew whenever enough bytes came for the time it took. It begins at once.
 */
export class StallWatch {
  readonly #timeoutMs: number;
  readonly #bytesMin: number;
  readonly #onStall: () => void;
  #bytes = 0;
  /** Waited before `#sinceMs`. */
  #waitedMs = 0;
  /** Since when the client is waited for; undefined when it is not. */
  #sinceMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #late: NodeJS.Immediate | undefined;

  constructor(timeoutMs: number, onStall: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#bytesMin = (timeoutMs / SECOND_MS) * limits.bodyRateBytesPerSecondMin;
    this.#onStall = onStall;
    this.goOn();
  }

  received(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < this.#bytesMin) return;
    this.#bytes = 0;
    this.#waitedMs = 0;
    this.#sinceMs = performance.now();
  }

  /** The client is not waited for. */
  rest(): void {
    this.#waitedMs = this.#waited();
    this.#sinceMs = undefined;
  }

  /** The client is waited for again. */
  goOn(): void {
    this.#sinceMs = performance.now();
    this.#timer ??= setTimeout(() => this.#look(), this.#timeoutMs - this.#waitedMs);
  }

  end(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#late);
  }

  #waited(): number {
    return this.#waitedMs + (this.#sinceMs === undefined ? 0 : performance.now() - this.#sinceMs);
  }

  /** The timer is not moved when bytes come, but looks, when it is over, how much of the time is left. */
  #look(): void {
    this.#timer = undefined;
    if (this.#sinceMs === undefined) return;
    const leftMs = this.#timeoutMs - this.#waited();
    if (leftMs > 0) this.#timer = setTimeout(() => this.#look(), leftMs);
    // A busy server looks at what has arrived meanwhile before it blames the client.
    else this.#late = setImmediate(() => this.#judge());
  }

  #judge(): void {
    if (this.#sinceMs === undefined) return;
    if (this.#waited() >= this.#timeoutMs) this.#onStall();
    else this.goOn();
  }
}
