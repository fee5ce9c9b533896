import { setTimeout as sleep } from 'node:timers/promises';
import type { Watching } from '../core/check-stores.ts';
import { MINUTE_MS, SECOND_MS } from '../model/limits.ts';
import { shownSize } from './check-report.ts';

/** What all second looks at what seems wrong may wait together: where everything is wrong, that is known soon. */
const PAUSES_MS_MAX = 2 * MINUTE_MS;
const CLEAR_LINE = '\r\x1b[K';

/** Shows on a terminal how far a check has come, in one line that is written again and again. */
export class CheckProgress implements Disposable {
  readonly #stream: NodeJS.WriteStream;
  readonly #timer: NodeJS.Timeout | undefined;
  #bytes = 0;
  #pausesMs = 0;
  archives = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    if (stream.isTTY) this.#timer = setInterval(() => this.#show(), SECOND_MS).unref();
  }

  watching(): Watching {
    return {
      onArchive: () => {
        this.archives += 1;
      },
      onBytes: (bytes) => {
        this.#bytes += bytes;
      },
      pause: async (durationMs) => {
        this.#pausesMs += durationMs;
        if (this.#pausesMs <= PAUSES_MS_MAX) await sleep(durationMs);
      },
      nowMs: () => Date.now(),
    };
  }

  hide(): void {
    if (this.#stream.isTTY) this.#stream.write(CLEAR_LINE);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.hide();
  }

  #show(): void {
    const read = this.#bytes > 0 ? `, ${shownSize(this.#bytes)} read` : '';
    this.#stream.write(`${CLEAR_LINE}${this.archives} archives looked at${read}`);
  }
}
