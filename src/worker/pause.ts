/** A pause that can be ended early. An `end` between two pauses cuts the next one short, so that no nudge is lost. */
export class Pause {
  #end: (() => void) | undefined;
  #endedBefore = false;

  end(): void {
    this.#endedBefore = true;
    this.#end?.();
  }

  async atMost(durationMs: number): Promise<void> {
    if (!this.#endedBefore) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#end = resolve;
      const timer = setTimeout(resolve, durationMs);
      await promise;
      clearTimeout(timer);
      this.#end = undefined;
    }
    this.#endedBefore = false;
  }
}
