/**
 * Lets bytes pass at a rate: so many at once after a pause, and no more than that. One that asks for more than there is waits
 * until it would be there.
 */
export class Throttle {
  readonly #options: ThrottleOptions;
  #rate = 0;
  #roomBytes: number;
  #lastMs: number;

  constructor(options: ThrottleOptions) {
    this.#options = options;
    this.#roomBytes = options.burstBytes;
    this.#lastMs = options.nowMs();
  }

  /** Bytes a second from now on; more than none. */
  set bytesPerSecond(rate: number) {
    this.#refill();
    this.#rate = rate;
  }

  /** Resolves when so many bytes may pass. */
  async take(bytes: number): Promise<void> {
    this.#refill();
    this.#roomBytes -= bytes;
    if (this.#roomBytes < 0) await this.#options.pause((-this.#roomBytes / this.#rate) * 1000);
  }

  #refill(): void {
    const nowMs = this.#options.nowMs();
    const passedMs = Math.max(0, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.#roomBytes = Math.min(this.#options.burstBytes, this.#roomBytes + (passedMs / 1000) * this.#rate);
  }
}

export interface ThrottleOptions {
  burstBytes: number;
  /** Of a clock that never jumps. */
  nowMs: () => number;
  pause: (durationMs: number) => Promise<void>;
}
