import { DatabaseSync } from 'node:sqlite';
import { SECOND_MS } from '../src/model/limits.ts';
import { Connection, expectStatus } from './connection.ts';
import type { Program } from './program.ts';
import { signedHead } from './signer.ts';
import { listJobsTarget } from './vault-client.ts';

/** Asks for the same page again and again. Requests are signed before the clock runs. */
export async function latenciesMs({ url }: Program, query: string, count: number): Promise<number[]> {
  using connection = await Connection.open(url);
  const samples: number[] = [];
  for (let done = 0; done < count; done += 1) {
    const head = signedHead({ method: 'GET', target: listJobsTarget(query), url });
    const startedAt = performance.now();
    const answer = await connection.send(head);
    samples.push(performance.now() - startedAt);
    expectStatus(200, answer);
  }
  return samples;
}

export interface Throughput {
  pagesPerSecond: number;
  cpuMicrosPerPage: number;
}

/** As many pages as the server can give to some connections at once, and the CPU time it takes for one. */
export async function throughput(
  server: Program,
  query: string,
  { connections, count }: { connections: number; count: number },
): Promise<Throughput> {
  const { url } = server;
  const cpuBefore = server.cpuSeconds();
  const startedAt = performance.now();
  let left = count;
  const ask = async (): Promise<void> => {
    using connection = await Connection.open(url);
    const sign = signedOncePerSecond(() => signedHead({ method: 'GET', target: listJobsTarget(query), url }));
    for (; left > 0; left -= 1) expectStatus(200, await connection.send(sign()));
  };
  await Promise.all(Array.from({ length: connections }, ask));
  const seconds = (performance.now() - startedAt) / SECOND_MS;
  return { pagesPerSecond: count / seconds, cpuMicrosPerPage: ((server.cpuSeconds() - cpuBefore) / count) * 1e6 };
}

/** A signature holds for its second, and a cheap client leaves the processor to the server. */
function signedOncePerSecond(sign: () => string): () => string {
  let [head, second] = ['', 0];
  return () => {
    const now = Math.floor(performance.now() / SECOND_MS);
    if (now !== second) [head, second] = [sign(), now];
    return head;
  };
}

const PAGE_SQL = `select * from jobs where vault_key = (select vault_key from jobs limit 1)
  and (created_at, id) < (?, ?) order by created_at desc, id desc limit 51`;

/** What the same page costs in SQLite alone: a prepared statement, its rows as objects. */
export function queryMs(path: string, after: { createdAtMs: number; id: string }, count: number): number[] {
  using database = new DatabaseSync(path, { readOnly: true });
  const statement = database.prepare(PAGE_SQL);
  return Array.from({ length: count }, () => {
    const startedAt = performance.now();
    statement.all(after.createdAtMs, after.id);
    return performance.now() - startedAt;
  });
}
