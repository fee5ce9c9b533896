import { limits } from '../model/limits.ts';

/**
 * A client may send requests ahead, without waiting for the answers (HTTP pipelining). Node hands out all of them at once;
 * here they take turns, or an upload could overtake the creation of its vault and answers would pile up in memory.
 */
export class Turns {
  readonly #lines = new WeakMap<object, Line>();
  readonly #running = new Set<Promise<void>>();

  /** Has `serve` run when everything before it on the connection is done. False, and nothing is run, when it is too much. */
  take(connection: object, serve: () => Promise<void>): boolean {
    const line = this.#lines.get(connection) ?? { last: Promise.resolve(), waiting: 0 };
    if (line.waiting >= limits.requestsWaitingMax) return false;
    this.#lines.set(connection, line);
    line.waiting += 1;
    const turn = line.last.then(serve).finally(() => {
      line.waiting -= 1;
      this.#running.delete(turn);
    });
    line.last = turn;
    this.#running.add(turn);
    return true;
  }

  /** Whether a turn of this connection runs or waits. */
  pending(connection: object): boolean {
    return (this.#lines.get(connection)?.waiting ?? 0) > 0;
  }

  /** Resolves when every turn that was taken is over. */
  async over(): Promise<void> {
    await Promise.all(this.#running);
  }
}

interface Line {
  last: Promise<void>;
  waiting: number;
}
