import { join } from 'node:path';
import { GIB, MIB } from '../src/model/limits.ts';
import { type Answer, Connection, expectStatus, type RepeatedBody } from './connection.ts';
import type { Program } from './program.ts';
import { hashPass, repeatedBody } from './repeated-body.ts';
import type { Row } from './report.ts';
import { inTurn } from './rounds.ts';
import { makeScratch } from './scratch.ts';
import { startBare, startMoraine } from './servers.ts';
import { medianOf, ownCpuSeconds, type Transfer, timed, writeAndSync } from './transfers.ts';
import { type HashedBody, VaultClient } from './vault-client.ts';

const WARM_UP_BYTES = 32 * MIB;

/** One large archive in and out again: rates, CPU time and memory, beside what no server could save. */
export async function bytes({ quick }: { quick: boolean }): Promise<Row[]> {
  using scratch = makeScratch();
  await using moraine = await startMoraine(scratch.path);
  await using bare = await startBare(scratch.path);
  const vault = new VaultClient(moraine);
  await vault.createVault();
  const ways = { moraine, bare, vault, scratchPath: scratch.path };

  await transferAll(ways, repeatedBody(WARM_UP_BYTES), 1);
  const body = repeatedBody(quick ? 128 * MIB : GIB);
  const { up, down } = await transferAll(ways, body, quick ? 5 : 3);
  const memory = { case: 'bare node:http', value: bare.peakMemoryMib() };
  return [
    ...uploadRows(up),
    ...retrievalRows(down),
    { ...memory, case: 'peak memory, bare node:http', unit: 'MiB' },
    { case: 'peak memory', value: moraine.peakMemoryMib(), unit: 'MiB', against: memory },
  ];
}

interface Ways {
  moraine: Program;
  bare: Program;
  vault: VaultClient;
  scratchPath: string;
}

async function transferAll(ways: Ways, body: HashedBody, rounds: number) {
  const { moraine, bare, vault, scratchPath } = ways;
  const timedOn = (server: Program, action: () => Promise<void>) =>
    timed(body.sizeBytes, () => server.cpuSeconds(), action);
  const post = `POST /discard HTTP/1.1\r\nHost: bench\r\nContent-Length: ${body.sizeBytes}\r\n\r\n`;
  const fileNames: string[] = [];
  const archiveIds: string[] = [];
  const up = await inTurn(rounds, {
    bare: () => timedOn(bare, async () => void (await sendTo(bare, post, body))),
    moraine: () => timedOn(moraine, async () => void archiveIds.push(await vault.upload(body))),
    hash: () => timed(body.sizeBytes, ownCpuSeconds, async () => void hashPass(body)),
    disk: () => {
      // Always a new file, as every archive is one: writing over cached pages would be several times cheaper.
      fileNames.unshift(`${body.sizeBytes}-${fileNames.length}`);
      return timed(body.sizeBytes, ownCpuSeconds, () => writeAndSync(join(scratchPath, `${fileNames[0]}`), body));
    },
  });
  const jobId = await vault.retrieve(archiveIds[0] ?? '');
  const get = `GET /file/${fileNames[0]} HTTP/1.1\r\nHost: bench\r\n\r\n`;
  const down = await inTurn(rounds, {
    bare: () => timedOn(bare, async () => whole(body, (await sendTo(bare, get)).bodyBytes)),
    moraine: () => timedOn(moraine, async () => whole(body, await vault.download(jobId))),
  });
  return { up, down };
}

/** A connection of its own: one that waited for the other contestants would have been closed meanwhile. */
async function sendTo({ url }: Program, head: string, body?: RepeatedBody): Promise<Answer> {
  using connection = await Connection.open(url);
  return expectStatus(200, await connection.send(head, body && { body }));
}

function whole({ sizeBytes }: HashedBody, receivedBytes: number): void {
  if (receivedBytes !== sizeBytes) throw new Error(`${receivedBytes} bytes came back instead of ${sizeBytes}`);
}

function uploadRows(samples: Record<'moraine' | 'bare' | 'hash' | 'disk', Transfer[]>): Row[] {
  const received = { case: 'bare node:http, receive and discard', ...medianOf(samples.bare) };
  const hashed = { case: 'one SHA-256 pass', ...medianOf(samples.hash) };
  const written = { case: 'write and fsync', ...medianOf(samples.disk) };
  const upload = { case: 'upload', ...medianOf(samples.moraine) };
  const unavoidable = {
    case: 'receive + one SHA-256 pass + write',
    value: received.cpuSecondsPerGib + hashed.cpuSecondsPerGib + written.cpuSecondsPerGib,
  };
  const limits = [received, hashed, written];
  return [
    ...limits.map((limit) => ({ case: limit.case, value: limit.mibPerSecond, unit: 'MiB/s' })),
    ...limits.map((limit) => ({
      case: upload.case,
      value: upload.mibPerSecond,
      unit: 'MiB/s',
      against: { case: limit.case, value: limit.mibPerSecond },
    })),
    ...limits.map((limit) => ({ case: limit.case, value: limit.cpuSecondsPerGib, unit: 'CPU s/GiB' })),
    { case: upload.case, value: upload.cpuSecondsPerGib, unit: 'CPU s/GiB', against: unavoidable },
  ];
}

function retrievalRows(samples: Record<'moraine' | 'bare', Transfer[]>): Row[] {
  const name = 'bare node:http, send from page cache';
  const bare = medianOf(samples.bare);
  const moraine = medianOf(samples.moraine);
  return (
    [
      ['mibPerSecond', 'MiB/s'],
      ['cpuSecondsPerGib', 'CPU s/GiB'],
    ] as const
  ).flatMap(([member, unit]) => [
    { case: name, value: bare[member], unit },
    { case: 'retrieval', value: moraine[member], unit, against: { case: name, value: bare[member] } },
  ]);
}
