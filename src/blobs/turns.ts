/** Work on a blob that must not meet other such work on it: one after the other. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  async run<Result>(blobId: string, work: () => Promise<Result>): Promise<Result> {
    const working = (this.#last.get(blobId) ?? Promise.resolve()).then(work);
    const ended = working.catch(() => undefined);
    this.#last.set(blobId, ended);
    try {
      return await working;
    } finally {
      if (this.#last.get(blobId) === ended) this.#last.delete(blobId);
    }
  }
}
