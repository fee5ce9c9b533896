import type { DiskFile } from './copy-disk.ts';

/** A part of a file in memory, moved along by whoever goes through the file. */
export class Window {
  readonly #file: DiskFile;
  #buffer: Buffer;
  #bytes: Buffer = Buffer.alloc(0);
  #from = 0;

  constructor(file: DiskFile, bytes: number) {
    this.#file = file;
    this.#buffer = Buffer.allocUnsafeSlow(bytes);
  }

  /**
   * `count` bytes from `place`, fewer only at the end of the file. They are good until the next call. When they have to be
   * read, so much more behind them is read as there is room, up to `ahead` bytes in all.
   */
  async at(place: number, count: number, ahead: number): Promise<Buffer> {
    const start = place - this.#from;
    if (start < 0 || start + count > this.#bytes.length) {
      if (count > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(count);
      const wanted = Math.max(count, Math.min(ahead, this.#buffer.length));
      this.#bytes = await this.#file.read(this.#buffer.subarray(0, wanted), place);
      this.#from = place;
      return this.#bytes.subarray(0, count);
    }
    return this.#bytes.subarray(start, start + count);
  }
}
