import type { Json } from './json-members.ts';

/** Which members of a JSON object are known, and what is known below them; null for what is taken whole. */
export interface KnownMembers {
  readonly [name: string]: KnownMembers | null;
}

/** What was sent, without what is null or unknown, in the order of what is known. The objects have been read before. */
export function onlyKnown(from: Json, known: KnownMembers): object {
  const kept: [string, unknown][] = [];
  for (const [name, below] of Object.entries(known)) {
    const value = Object.hasOwn(from, name) ? from[name] : null;
    if (value === null || value === undefined) continue;
    kept.push([name, below === null ? value : onlyKnown(value as Json, below)]);
  }
  return Object.fromEntries(kept);
}
