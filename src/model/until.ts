/** What `work` comes to, or the reason of `signal` once that ends: for work that cannot be ended but need not be awaited. */
export async function orEndOf<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const end = () => reject(signal.reason);
  work.catch(() => undefined);
  signal.throwIfAborted();
  signal.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}
