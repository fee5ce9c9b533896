import { GlacierError } from '../model/errors.ts';

/** So many bytes may be held at once by all requests whose senders are not known yet; what is too much is refused. */
export class ByteBudget {
  #leftBytes: number;

  constructor(bytes: number) {
    this.#leftBytes = bytes;
  }

  /** Does what holds so many bytes for its time. Throws ThrottlingException, which clients retry, when there is no room. */
  async hold<T>(bytes: number, use: () => Promise<T>): Promise<T> {
    if (bytes > this.#leftBytes) {
      throw new GlacierError('ThrottlingException', 'Too many bodies without x-amz-content-sha256 are on their way.');
    }
    this.#leftBytes -= bytes;
    try {
      return await use();
    } finally {
      this.#leftBytes += bytes;
    }
  }
}
