import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Answer, Connection, expectStatus, type RepeatedBody, type SendOptions } from '../connection.ts';
import type { Program } from '../program.ts';
import type { Row } from '../report.ts';
import { startBare, startMoraine, startOwn } from '../servers.ts';
import { type Transfer, timed } from '../transfers.ts';
import { VaultClient } from '../vault-client.ts';
import { startNginx } from './nginx.ts';

/** Archives encrypted, as they are unless somebody says otherwise, and not. */
export const KINDS = ['encrypted', 'not encrypted'] as const;
export type Kind = (typeof KINDS)[number];

export const CLIENTS = 4;

/** What takes turns, by name; each turn is one transfer. */
export type Turns = Record<string, () => Promise<Transfer>>;

/** The servers that get the same bytes. */
export interface Contestants {
  scratchPath: string;
  /** `node:http` alone: receives and discards, and sends files. */
  bare: Program;
  /** The straightforward server: `pipeline`, both hashes by `node:crypto`, a write stream. */
  pipeline: Program;
  /** Undefined where it cannot be had. */
  nginx: Program | undefined;
  moraine: Record<Kind, { program: Program; vault: VaultClient }>;
}

export async function openContestants(stack: AsyncDisposableStack, scratchPath: string): Promise<Contestants> {
  const open = async (directory: string, options: { encryption?: 'none' }) => {
    const path = join(scratchPath, directory);
    mkdirSync(path);
    const program = stack.use(await startMoraine(path, options));
    const vault = new VaultClient(program);
    await vault.createVault();
    return { program, vault };
  };
  return {
    scratchPath,
    bare: stack.use(await startBare(scratchPath)),
    pipeline: stack.use(await startOwn('bytes/pipeline.cjs', [scratchPath], scratchPath)),
    nginx: stack.use(await startNginx(scratchPath)),
    moraine: { encrypted: await open('encrypted', {}), 'not encrypted': await open('plain', { encryption: 'none' }) },
  };
}

/** Measures what a server does for a transfer of so many bytes. */
export const timedOn = (server: Program, sizeBytes: number, action: () => Promise<unknown>): Promise<Transfer> =>
  timed(
    sizeBytes,
    () => server.cpuSeconds(),
    async () => void (await action()),
  );

/** A connection of its own: one that waited for the other contestants would have been closed meanwhile. */
export async function send(
  { url }: Program,
  request: { head: string; status: number; body?: RepeatedBody },
): Promise<Answer> {
  using connection = await Connection.open(url);
  const options: SendOptions = request.body === undefined ? {} : { body: request.body };
  const [line, ...headers] = request.head.split('\r\n');
  const head = [line, 'Host: bench', ...headers, '', ''].join('\r\n');
  return expectStatus(request.status, await connection.send(head, options));
}

export function expectWhole(sizeBytes: number, receivedBytes: number): void {
  if (receivedBytes !== sizeBytes) throw new Error(`${receivedBytes} bytes came back instead of ${sizeBytes}`);
}

export function memoryRows({ bare, pipeline, nginx, moraine }: Contestants): Row[] {
  const memory = { case: 'peak memory, bare node:http', value: bare.peakMemoryMib() };
  const unit = 'MiB';
  return [
    { ...memory, unit },
    { case: 'peak memory, pipeline of node:crypto', value: pipeline.peakMemoryMib(), unit },
    ...(nginx === undefined ? [] : [{ case: 'peak memory, nginx', value: nginx.peakMemoryMib(), unit }]),
    ...KINDS.map((kind) => ({
      case: `peak memory, ${kind}`,
      value: moraine[kind].program.peakMemoryMib(),
      unit,
      against: memory,
    })),
  ];
}
