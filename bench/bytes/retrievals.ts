import { join } from 'node:path';
import { MIB } from '../../src/model/limits.ts';
import type { Program } from '../program.ts';
import type { Row } from '../report.ts';
import { atOnce, inTurn } from '../rounds.ts';
import { medianOf, type Transfer, writeAndSync } from '../transfers.ts';
import { CLIENTS, type Contestants, expectWhole, KINDS, type Kind, send, type Turns, timedOn } from './contestants.ts';
import { PART_SIZES_BYTES, type Uploads } from './uploads.ts';

/** Samples of each contestant, by what was asked for. */
export type Retrievals = Map<string, Record<string, Transfer[]>>;

/** Reads what was uploaded, and a file of the same bytes from the others. All of it is in the page cache then. */
export async function retrieve(contestants: Contestants, { body, rounds, archiveIds }: Uploads): Promise<Retrievals> {
  const { sizeBytes } = body;
  const { bare, nginx, moraine } = contestants;
  const name = `static-${sizeBytes}`;
  await writeAndSync(join(contestants.scratchPath, name), body);
  const jobIds = {
    encrypted: await moraine.encrypted.vault.retrieve(archiveIds.encrypted),
    'not encrypted': await moraine['not encrypted'].vault.retrieve(archiveIds['not encrypted']),
  };
  const whole = (server: Program) => () =>
    timedOn(server, sizeBytes, async () => {
      const { bodyBytes } = await send(server, { head: `GET /file/${name} HTTP/1.1`, status: 200 });
      expectWhole(sizeBytes, bodyBytes);
    });
  const output = (kind: Kind) => () =>
    timedOn(moraine[kind].program, sizeBytes, async () =>
      expectWhole(sizeBytes, await moraine[kind].vault.download(jobIds[kind])),
    );
  const others = { bare: whole(bare), ...(nginx && { nginx: whole(nginx) }) };
  const retrievals: Retrievals = new Map();
  const outputs = { encrypted: output('encrypted'), 'not encrypted': output('not encrypted') };
  retrievals.set('retrieval', await warm(rounds, { ...others, ...outputs }));
  for (const partBytes of PART_SIZES_BYTES.filter((size) => size <= sizeBytes)) {
    const samples = await warm(rounds, inRanges(contestants, { name, jobIds, sizeBytes, partBytes }));
    retrievals.set(`retrieval of ranges of ${partBytes / MIB} MiB, ${CLIENTS} clients`, samples);
  }
  return retrievals;
}

interface Ranges {
  name: string;
  jobIds: Record<Kind, string>;
  sizeBytes: number;
  partBytes: number;
}

function inRanges({ nginx, moraine }: Contestants, { name, jobIds, sizeBytes, partBytes }: Ranges): Turns {
  const all = (server: Program, one: (at: number) => Promise<number>) => () =>
    timedOn(server, sizeBytes, () =>
      atOnce({ clients: CLIENTS, count: sizeBytes / partBytes }, async (index) =>
        expectWhole(partBytes, await one(index * partBytes)),
      ),
    );
  const output = (kind: Kind) => {
    const { program, vault } = moraine[kind];
    return all(program, (at) => vault.downloadRange(jobIds[kind], { at, sizeBytes: partBytes }));
  };
  const range = (at: number): string => `GET /file/${name} HTTP/1.1\r\nRange: bytes=${at}-${at + partBytes - 1}`;
  const ofFile = (server: Program) =>
    all(server, async (at) => (await send(server, { head: range(at), status: 206 })).bodyBytes);
  return {
    ...(nginx && { nginx: ofFile(nginx) }),
    encrypted: output('encrypted'),
    'not encrypted': output('not encrypted'),
  };
}

/** A round more than is counted, after which nobody waits for the disk. */
async function warm(rounds: number, turns: Turns) {
  const samples = await inTurn(rounds + 1, turns);
  return Object.fromEntries(Object.entries(samples).map(([name, all]) => [name, all.slice(1)]));
}

const NAMES: Record<string, string> = { bare: 'bare node:http, two buffers', nginx: 'nginx, sendfile' };

export function retrievalRows(retrievals: Retrievals): Row[] {
  return Array.from(retrievals, ([what, samples]) =>
    (
      [
        ['mibPerSecond', 'MiB/s'],
        ['cpuSecondsPerGib', 'CPU s/GiB'],
      ] as const
    ).flatMap(([member, unit]) => {
      const others = Object.entries(NAMES)
        .filter(([name]) => samples[name] !== undefined)
        .map(([name, text]) => ({ case: text, value: medianOf(samples[name] ?? [])[member] }));
      return [
        ...others.map((other) => ({ ...other, case: `${what}: ${other.case}`, unit })),
        ...KINDS.flatMap((kind) => {
          const row = { case: `${what}, ${kind}`, value: medianOf(samples[kind] ?? [])[member], unit };
          return others.length === 0 ? [row] : others.map((against) => ({ ...row, against }));
        }),
      ];
    }),
  ).flat();
}
