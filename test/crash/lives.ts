import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { TestServer } from '../support/server.ts';
import { checkAcknowledged } from './acknowledged.ts';
import type { Ledger } from './ledger.ts';
import { between } from './tiers.ts';
import { client, type DeedName, EVERYTHING } from './traffic.ts';

/** One life of a server: it starts, everything acknowledged is there, clients use it, and it dies. */
export interface Life {
  ledger: Ledger;
  random: () => number;
  start: () => Promise<TestServer>;
  /** Ends the server by a kill or a power cut. */
  die: (server: TestServer) => Promise<void>;
  clientsMax?: number;
  deeds?: readonly DeedName[];
  /** How much longer than the first start, which had nothing to recover, a later one may take. */
  recoveryMsMax?: number;
}

const CLIENTS_MAX = 6;
/** A server dies so long after so many archives were acknowledged, whatever the speed of the machine. */
const ARCHIVES = { min: 0, max: 12 };
const AFTER_MS = { min: 0, max: 120 };
const WAIT_MS_MAX = 10_000;
/** The goal is ten seconds, and each run says what its slowest start took; a busy machine is no fault of the server. */
const RECOVERY_MS_MAX = 60_000;

export async function live(life: Life): Promise<void> {
  const { ledger, random, start, die, clientsMax = CLIENTS_MAX } = life;
  const { deeds = EVERYTHING, recoveryMsMax = RECOVERY_MS_MAX } = life;
  const beganAtMs = performance.now();
  await using server = await start();
  expect(recoveryMs(ledger, performance.now() - beganAtMs)).toBeLessThan(recoveryMsMax);
  await checkAcknowledged(server, ledger);
  const enough = ledger.count.stored + Math.floor(between(random, ARCHIVES));
  const count = Math.ceil(random() * clientsMax);
  const finished = Promise.all(Array.from({ length: count }, () => client(server, { ledger, random, deeds })));
  // Looked at below, when the server is gone.
  finished.catch(() => undefined);
  await Promise.race([ledger.reached(enough), finished, sleep(WAIT_MS_MAX, undefined, { ref: false })]);
  // Half of them die in the moment of an answer.
  if (random() < 0.5) await sleep(between(random, AFTER_MS));
  await die(server);
  await finished;
}

/** How much longer than the first start this one took. */
function recoveryMs(ledger: Ledger, startMs: number): number {
  ledger.firstStartMs ??= startMs;
  ledger.slowestStartMs = Math.max(ledger.slowestStartMs, startMs);
  return startMs - ledger.firstStartMs;
}
