import { setImmediate } from 'node:timers/promises';
import type { Call } from './records.ts';
import type { Outcome, Writer } from './writer.ts';

const CALLS_AT_ONCE_MAX = 512;

interface Waiting {
  call: Call;
  settle: (outcome: Outcome) => void;
}

/**
 * Group commit without a timer: what comes in while a transaction is being committed shares the next one. So a client alone
 * waits for nobody, and the more there are, the more of them share an fsync.
 */
export class GroupCommit {
  readonly #writer: Pick<Writer, 'commit'>;
  readonly #onCommitted: () => void;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  /** `onCommitted` is called after the calls of each transaction are settled. */
  constructor(writer: Pick<Writer, 'commit'>, onCommitted: () => void = () => undefined) {
    this.#writer = writer;
    this.#onCommitted = onCommitted;
  }

  /** `settle` is called when what became of the call is durable. */
  submit(call: Call, settle: (outcome: Outcome) => void): void {
    this.#waiting.push({ call, settle });
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is waiting any more. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Everything that this turn of the event loop brings belongs together.
      await setImmediate();
      const candidates = this.#waiting.slice(0, CALLS_AT_ONCE_MAX);
      const outcomes = await this.#writer.commit(candidates.map(({ call }) => call));
      this.#waiting = this.#waiting.slice(outcomes.length);
      for (const [index, outcome] of outcomes.entries()) candidates[index]?.settle(outcome);
      this.#onCommitted();
    }
    this.#running = undefined;
  }
}
