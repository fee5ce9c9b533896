import { limits } from '../model/limits.ts';
import { type Piece, type SelectRun, SelectThread } from './select-thread.ts';

/**
 * The threads of queries: each runs one at a time. One whose query came to its end is kept for a while for the next, and one
 * whose query did not is ended, so that no query suffers from another. There are never more than ran at the same time.
 */
export class SelectThreads implements AsyncDisposable {
  readonly #idleMs: number;
  /** What waits for a query, the one that has waited least last, and what ends its waiting. */
  readonly #idle: { thread: SelectThread; end: NodeJS.Timeout }[] = [];

  constructor({ idleMs = limits.selectIdleMs }: { idleMs?: number } = {}) {
    this.#idleMs = idleMs;
  }

  /** As SelectThread's. */
  async *run(run: SelectRun): AsyncGenerator<Piece, void> {
    const thread = this.#engage();
    try {
      yield* thread.run(run);
    } finally {
      if (thread.isReady) this.#keep(thread);
      else await thread[Symbol.asyncDispose]();
    }
  }

  /** Ends the threads that wait; there must be no query. */
  async [Symbol.asyncDispose](): Promise<void> {
    const idle = this.#idle.splice(0);
    for (const { end } of idle) clearTimeout(end);
    await Promise.all(idle.map(({ thread }) => thread[Symbol.asyncDispose]()));
  }

  #engage(): SelectThread {
    for (let next = this.#idle.pop(); next !== undefined; next = this.#idle.pop()) {
      clearTimeout(next.end);
      // It may have ended while it waited.
      if (next.thread.isReady) return next.thread;
    }
    return new SelectThread();
  }

  #keep(thread: SelectThread): void {
    const end = setTimeout(() => {
      const index = this.#idle.findIndex((idle) => idle.thread === thread);
      this.#idle.splice(index, 1);
      void thread[Symbol.asyncDispose]();
    }, this.#idleMs).unref();
    this.#idle.push({ thread, end });
  }
}
