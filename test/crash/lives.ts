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
}

const CLIENTS_MAX = 6;
/** A server dies so long after so many archives were acknowledged, whatever the speed of the machine. */
const ARCHIVES = { min: 0, max: 12 };
const AFTER_MS = { min: 0, max: 120 };
const WAIT_MS_MAX = 10_000;
/** Longer than the first start, which has nothing to recover, when a machine does many other things at once. */
const RECOVERY_MS_MAX = 10_000;

export async function live(life: Life): Promise<void> {
  const { ledger, random, die, clientsMax = CLIENTS_MAX, deeds = EVERYTHING } = life;
  await using server = await startedInTime(life);
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

async function startedInTime({ ledger, start }: Life): Promise<TestServer> {
  const beganAtMs = performance.now();
  const server = await start();
  const startMs = performance.now() - beganAtMs;
  ledger.firstStartMs ??= startMs;
  ledger.slowestStartMs = Math.max(ledger.slowestStartMs, startMs);
  expect(startMs - ledger.firstStartMs).toBeLessThan(RECOVERY_MS_MAX);
  return server;
}
