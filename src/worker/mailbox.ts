/** What one part of the program leaves for another, which takes it in the same order and waits where there is nothing. */
export class Mailbox<T> {
  readonly #items: T[] = [];
  #waiting: PromiseWithResolvers<void> | undefined;
  #end: { error: unknown } | undefined;
  #hasFailed = false;

  /** What comes after a failure is thrown away: were there always something, nobody would ever hear of it. */
  put(item: T): void {
    if (this.#hasFailed) return;
    this.#items.push(item);
    this.#waiting?.resolve();
  }

  /** Nothing more will come: whoever takes when nothing is left is thrown this. */
  close(error: unknown): void {
    this.#end ??= { error };
    this.#waiting?.resolve();
  }

  /** For one taker at a time. */
  async take(): Promise<T> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) return item;
      if (this.#end !== undefined) throw this.#end.error;
      this.#waiting = Promise.withResolvers();
      await this.#waiting.promise;
      this.#waiting = undefined;
    }
  }

  /** Throws away what has not been taken, so that the failure is all that is left. */
  fail(error: unknown): void {
    this.#hasFailed = true;
    this.#items.length = 0;
    this.close(error);
  }
}
