/** A buffer, and a search for the places in it where one of a set of ASCII characters stands. */
export interface Sieve {
  readonly bytes: Buffer;
  /** The places that were found, in order; as many as there are bytes at most. */
  readonly positions: Int32Array;
  /** Says what is searched for, which before is nothing. All characters are ASCII. */
  seek(characters: string): void;
  /** Searches the bytes before `end`; returns how many places there are. */
  sift(end: number): number;
}

export interface SieveOptions {
  sizeBytes: number;
  /** How much of the buffer is searched at most. */
  searchedBytes: number;
}

/** A sieve that works everywhere, byte by byte. */
export function plainSieve({ sizeBytes, searchedBytes }: SieveOptions): Sieve {
  // Not cleared, which would take longer than a small archive does: nothing is read that was not written.
  const bytes = Buffer.allocUnsafeSlow(sizeBytes);
  const positions = new Int32Array(Buffer.allocUnsafeSlow(searchedBytes * Int32Array.BYTES_PER_ELEMENT).buffer);
  const wanted = new Uint8Array(256);
  return {
    bytes,
    positions,
    seek(characters) {
      wanted.fill(0);
      for (const byte of Buffer.from(characters, 'latin1')) wanted[byte] = 1;
    },
    sift(end) {
      let count = 0;
      for (let at = 0; at < end; at += 1) {
        if (wanted[bytes[at] as number] === 1) {
          positions[count] = at;
          count += 1;
        }
      }
      return count;
    },
  };
}
