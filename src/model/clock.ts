/** Where the time comes from: milliseconds since 1970-01-01 UTC. Injected, so that tests can set it. */
export interface Clock {
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };
