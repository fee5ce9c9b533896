/**
 * Jobs whose output is being read. A download that has begun goes on to its end: its job does not expire before that, for
 * with the job the bytes of a deleted archive would go, from under the blobs that are still to be opened.
 */
export class Downloads {
  readonly #readers = new Map<number, number>();

  /** The keys of the jobs. */
  jobKeys(): number[] {
    return [...this.#readers.keys()];
  }

  /** The pieces of an output; from the first one asked for to the last one, its job counts as being read. */
  async *of(jobKey: number, pieces: AsyncGenerator<Buffer, void, void>): AsyncGenerator<Buffer, void, void> {
    this.#readers.set(jobKey, (this.#readers.get(jobKey) ?? 0) + 1);
    try {
      yield* pieces;
    } finally {
      const others = (this.#readers.get(jobKey) ?? 1) - 1;
      if (others > 0) this.#readers.set(jobKey, others);
      else this.#readers.delete(jobKey);
    }
  }
}
