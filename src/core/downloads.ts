/**
 * Blobs that are being sent. A download that has begun goes on to its end, whatever becomes of its job, its archive and its
 * vault meanwhile: their rows go, but the bytes stay until nobody reads them any more. They are kept here and not by the
 * rows, so that no row has to wait for a slow client; and not by the stores, which need to know nothing of it.
 */
export class Downloads {
  readonly #readers = new Map<string, number>();

  /** Whether the bytes have to stay. To be asked right before they are deleted. */
  isRead(blobId: string): boolean {
    return this.#readers.has(blobId);
  }

  /** How many blobs are being sent now. */
  get count(): number {
    return this.#readers.size;
  }

  /**
   * Keeps blobs until disposed of. Whether they are still there must be found out afterwards: what was given up before may
   * be gone already.
   */
  keep(blobIds: readonly string[]): Disposable {
    for (const blobId of blobIds) this.#readers.set(blobId, (this.#readers.get(blobId) ?? 0) + 1);
    return {
      [Symbol.dispose]: () => {
        for (const blobId of blobIds) this.#leave(blobId);
      },
    };
  }

  #leave(blobId: string): void {
    const others = (this.#readers.get(blobId) ?? 1) - 1;
    if (others > 0) this.#readers.set(blobId, others);
    else this.#readers.delete(blobId);
  }
}
