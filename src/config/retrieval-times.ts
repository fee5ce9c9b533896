import type { Delay, RetrievalTimes } from '../model/retrieval-times.ts';
import { parseDuration } from './durations.ts';

/** What can be waited for: the three tiers of archive retrieval and Select, and inventory jobs, which have no tier. */
export const RETRIEVALS = ['expedited', 'standard', 'bulk', 'inventory'] as const;
export type Retrieval = (typeof RETRIEVALS)[number];

/** Either the times that the text names (the others keep what the profile says), or what is wrong with it. */
export type RetrievalTimesReading = { times: Partial<RetrievalTimes> } | { problem: string };

/** Reads `expedited=0s,standard=3h..5h`. */
export function readRetrievalTimes(text: string): RetrievalTimesReading {
  const times: Partial<RetrievalTimes> = {};
  for (const entry of text.split(',')) {
    const [name = '', delayText, ...rest] = entry.split('=').map((part) => part.trim());
    if (delayText === undefined || rest.length > 0) {
      return { problem: `must be a list like expedited=0s,standard=3h..5h, not ${JSON.stringify(text)}` };
    }
    if (!isRetrieval(name)) {
      return { problem: `must name ${RETRIEVALS.join(', ')} only, not ${JSON.stringify(name)}` };
    }
    if (times[name] !== undefined) return { problem: `must name ${name} once only` };
    const delay = parseDelay(delayText);
    if (delay === undefined) {
      return {
        problem: `must give ${name} a duration like 90s or a range like 3h..5h, not ${JSON.stringify(delayText)}`,
      };
    }
    if (delay.minMs > delay.maxMs) {
      return { problem: `must give ${name} a range with the shorter time first, not ${JSON.stringify(delayText)}` };
    }
    times[name] = delay;
  }
  return { times };
}

function isRetrieval(name: string): name is Retrieval {
  return RETRIEVALS.some((retrieval) => retrieval === name);
}

function parseDelay(text: string): Delay | undefined {
  const [min, max, ...rest] = text.split('..').map((part) => parseDuration(part.trim()));
  if (min === undefined || rest.length > 0) return undefined;
  if (!text.includes('..')) return { minMs: min, maxMs: min };
  return max === undefined ? undefined : { minMs: min, maxMs: max };
}
