import { setTimeout as wait } from 'node:timers/promises';
import { SECOND_MS } from '../src/model/limits.ts';
import { Connection, expectStatus } from './connection.ts';
import type { Program } from './program.ts';
import { type Outgoing, signedHead } from './signer.ts';

/** The same request again and again, from clients that cost as little as they can. */
export type Repeated = Omit<Outgoing, 'url'> & { body?: Buffer; status?: number };

export interface Load {
  connections: number;
  /** Ends at so many requests, or after so many seconds. */
  count?: number;
  seconds?: number;
}

export interface Loaded {
  done: number;
  perSecond: number;
  cpuMicrosEach: number;
  latenciesMs: number[];
}

/** As much as the server can do for some connections at once. */
export async function loaded(server: Program, request: Repeated, load: Load): Promise<Loaded> {
  const { connections, count = Number.POSITIVE_INFINITY, seconds = Number.POSITIVE_INFINITY } = load;
  const sign = signedOncePerSecond(request, server.url);
  const latenciesMs: number[] = [];
  const cpuBefore = server.cpuSeconds();
  const startedAt = performance.now();
  const endAt = startedAt + seconds * SECOND_MS;
  let left = count;
  const ask = async (): Promise<void> => {
    using connection = await Connection.open(server.url);
    while (left > 0 && performance.now() < endAt) {
      left -= 1;
      latenciesMs.push(await latencyMs(connection, sign(), request.status));
    }
  };
  await Promise.all(Array.from({ length: connections }, ask));
  const elapsedSeconds = (performance.now() - startedAt) / SECOND_MS;
  const done = latenciesMs.length;
  const cpuMicrosEach = ((server.cpuSeconds() - cpuBefore) / done) * 1e6;
  return { done, perSecond: done / elapsedSeconds, cpuMicrosEach, latenciesMs };
}

const PROBE_PAUSE_MS = 5;

/** How long one client waits for its answers, one after the other with a pause between, until `work` is done. */
export async function latenciesDuring(server: Program, request: Repeated, work: Promise<unknown>): Promise<number[]> {
  using connection = await Connection.open(server.url);
  const sign = signedOncePerSecond(request, server.url);
  const samples: number[] = [];
  let over = false;
  const end = () => {
    over = true;
  };
  work.then(end, end);
  while (!over) {
    samples.push(await latencyMs(connection, sign(), request.status));
    await wait(PROBE_PAUSE_MS);
  }
  await work;
  return samples;
}

/** One client on a connection of its own, which lasts as long as it. */
export async function openClient(server: Program, request: Repeated) {
  const connection = await Connection.open(server.url);
  const sign = signedOncePerSecond(request, server.url);
  return {
    async latenciesMs(count: number): Promise<number[]> {
      const samples: number[] = [];
      while (samples.length < count) samples.push(await latencyMs(connection, sign(), request.status));
      return samples;
    },
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  };
}

async function latencyMs(connection: Connection, text: string, status = 200): Promise<number> {
  const startedAt = performance.now();
  const answer = await connection.send(text);
  const elapsedMs = performance.now() - startedAt;
  expectStatus(status, answer);
  return elapsedMs;
}

/** A signature holds for its second, and a cheap client leaves the processor to the server. Bodies go with their heads. */
function signedOncePerSecond({ body, status: _, ...outgoing }: Repeated, url: string): () => string {
  const tail = body?.toString('latin1') ?? '';
  let [text, second] = ['', 0];
  return () => {
    const now = Math.floor(performance.now() / SECOND_MS);
    if (now !== second) [text, second] = [signedHead({ ...outgoing, url }) + tail, now];
    return text;
  };
}
