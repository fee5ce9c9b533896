/** Takes the next bytes. Undefined means that more may follow at once, a promise that they must wait for it. */
export type Sink = (chunk: Buffer) => Promise<void> | undefined;

/**
 * Bytes that come by themselves: each chunk is handed to the sink as soon as it is there, without a promise for each. A chunk
 * is its source's again when the sink is done with it. Resolves after the last one; rejects with what the source or the sink
 * fails of, or with the reason of the signal, which ends it wherever it is.
 */
export type Flow = (to: { sink: Sink; signal: AbortSignal }) => Promise<void>;

/** Bytes from elsewhere: they come by themselves or are asked for. */
export type Bytes = Flow | AsyncIterable<Buffer>;

/** Bytes that are asked for, as bytes that come by themselves. */
export function flowOf(bytes: Bytes): Flow {
  if (typeof bytes === 'function') return bytes;
  return async ({ sink, signal }) => {
    for await (const chunk of bytes) {
      signal.throwIfAborted();
      await sink(chunk);
    }
  };
}
