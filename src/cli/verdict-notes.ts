import { askServer } from '../admin/client.ts';
import type { Fixity } from '../model/fixity.ts';
import { limits, SECOND_MS } from '../model/limits.ts';

interface Note {
  archiveKey: number;
  archiveId: string;
  fixity: Fixity;
}

const NOTE_EVERY_MS = 5 * SECOND_MS;

/**
 * Hands the verdicts of a check to the server that holds the data directory, which alone writes there: they are events of the
 * fixity log, and archives that were read now are not the next ones to be read. Without a server they are only printed.
 */
export class VerdictNotes {
  readonly #dataDir: string;
  #waiting: Note[] = [];
  #sentAtMs = performance.now();
  #isServed = true;
  #noted = 0;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** How many the server has put on record. */
  get noted(): number {
    return this.#noted;
  }

  async add(note: Note): Promise<void> {
    if (!this.#isServed) return;
    this.#waiting.push(note);
    const isTime = performance.now() - this.#sentAtMs >= NOTE_EVERY_MS;
    if (isTime || this.#waiting.length >= limits.fixityNotedMax) await this.end();
  }

  async end(): Promise<void> {
    const found = this.#waiting;
    this.#waiting = [];
    this.#sentAtMs = performance.now();
    if (found.length === 0) return;
    const request = { command: 'fixity.note', input: { found } };
    const response = await askServer({ dataDir: this.#dataDir, request });
    if (response !== undefined && 'answer' in response) this.#noted += (response.answer as { noted: number }).noted;
    else this.#isServed = false;
  }
}
