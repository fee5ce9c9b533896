import type { Facts } from '../telemetry/facts.ts';
import { degradations } from '../telemetry/health.ts';
import type { Arrangement } from './arrangement.ts';

/** Gathers how the server stands, without waiting for a disk that does not answer. */
export async function factsOf({ health, space, frames, metadata }: Arrangement): Promise<Facts> {
  const held = new Set(health.reasons().map(({ reason }) => reason));
  return {
    reasons: degradations.map((reason) => ({ reason, holds: held.has(reason) })),
    disks: space.latest.map(({ name, reserveBytes, space: { totalBytes, freeBytes } }) => ({
      ...{ name, totalBytes, freeBytes, reserveBytes },
    })),
    failures: health.failures,
    damaged: health.damage.length,
    repaired: health.repaired,
    scrub: health.scrub,
    uploads: space.uploads,
    frameBytes: frames.outBytes,
    jobs: await metadata.jobQueue.countUnfinished(),
  };
}
