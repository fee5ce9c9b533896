import type { Arrangement } from '../core/arrangement.ts';
import { limits, MIB } from '../model/limits.ts';
import type { Swept } from './sweep.ts';
import { Throttle } from './throttle.ts';

export interface CompactOptions {
  /** Waits a while, or throws what `signal` does. */
  pause: (durationMs: number) => Promise<void>;
  signal: AbortSignal;
  /** Of a clock that never jumps. */
  monotonicMs: () => number;
}

/**
 * Has the store take back the room of what was deleted, in passes that leave most of the disk to others. A store that gives
 * it back at once has nothing to do.
 */
export function compact(
  { blobs, downloads }: Pick<Arrangement, 'blobs' | 'downloads'>,
  { pause, signal, monotonicMs }: CompactOptions,
): () => Promise<Swept> {
  const throttle = new Throttle({ burstBytes: limits.compactionBurstBytes, nowMs: monotonicMs, pause });
  throttle.bytesPerSecond = limits.compactionBytesPerSecond;
  const pace = async (bytes: number) => {
    if (downloads.count >= limits.scrubYieldDownloads) await pause(limits.scrubYieldMs);
    await throttle.take(bytes);
  };
  return async () => {
    const { reclaimedBytes = 0 } = (await blobs.compact?.({ signal, pace })) ?? {};
    const swept = { done: reclaimedBytes, more: false };
    const mib = Math.round(reclaimedBytes / MIB);
    return mib === 0 ? swept : { ...swept, news: `${mib} MiB of what was deleted were given back to the disk` };
  };
}
