/** Bytes that may be in memory at once. Whoever finds no room waits, in order. */
export class Room {
  #free: number;
  readonly #max: number;
  readonly #waiting: { bytes: number; enter: () => void }[] = [];

  constructor(bytes: number) {
    this.#max = bytes;
    this.#free = bytes;
  }

  /** Resolves when there is room. What is larger than all of it waits until nothing else is there. */
  async take(bytes: number): Promise<void> {
    const taken = Math.min(bytes, this.#max);
    if (this.#waiting.length === 0 && taken <= this.#free) this.#free -= taken;
    else await new Promise<void>((enter) => void this.#waiting.push({ bytes: taken, enter }));
  }

  give(bytes: number): void {
    this.#free += Math.min(bytes, this.#max);
    for (let next = this.#waiting[0]; next !== undefined && next.bytes <= this.#free; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= next.bytes;
      next.enter();
    }
  }
}
