import { expect } from 'vitest';
import { type Caller, KeptConnection, signerOf } from '../support/kept-connection.ts';
import type { TestServer } from '../support/server.ts';
import type { JobLedger } from './job-ledger.ts';

/**
 * Clients that do one thing after the other, each on a connection of its own, until the server no longer answers or `deed`
 * says that it is enough by false.
 */
export async function clients(
  server: TestServer,
  { count, deed }: { count: number; deed: (call: Caller) => Promise<boolean> },
): Promise<void> {
  const signed = signerOf(server);
  const one = async () => {
    const connection = await KeptConnection.open(server).catch(() => undefined);
    if (connection === undefined) return;
    using _ = connection;
    const call: Caller = (asking) => connection.send(signed(asking));
    while (await deed(call));
  };
  await Promise.all(Array.from({ length: count }, one));
}

/** A deed: starts one job; `onAcknowledged` is told of each. Refusals fail the test unless `mayRefuse`. */
export function startingJobs(
  ledger: JobLedger,
  options: { shapes: () => string; note: string; mayRefuse?: boolean; onAcknowledged?: () => void },
): (call: Caller) => Promise<boolean> {
  const { shapes, note, mayRefuse = false, onAcknowledged = () => undefined } = options;
  return async (call) => {
    const answer = await ledger.start(call, { shape: shapes(), note });
    if (answer === undefined) return false;
    if (answer.status === 202) onAcknowledged();
    else
      expect([answer.status >= 500 && mayRefuse, answer.status, answer.text]).toEqual([
        true,
        answer.status,
        answer.text,
      ]);
    return answer.status === 202;
  };
}
