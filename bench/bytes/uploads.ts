import { join } from 'node:path';
import { MIB } from '../../src/model/limits.ts';
import { hashedBody, hashPass } from '../repeated-body.ts';
import type { Row } from '../report.ts';
import { atOnce, inTurn } from '../rounds.ts';
import { medianOf, ownCpuSeconds, type Transfer, timed } from '../transfers.ts';
import type { HashedBody } from '../vault-client.ts';
import { CLIENTS, type Contestants, KINDS, type Kind, send, type Turns, timedOn } from './contestants.ts';
import { cipherPass, WRITE_CASE, writeDurably } from './unavoidable.ts';

export const PART_SIZES_BYTES = [8 * MIB, 64 * MIB];

type Samples = Record<string, Transfer[]>;

/** What came of a body: how long it took each contestant, and where it is now. */
export interface Uploads {
  body: HashedBody;
  rounds: number;
  whole: Samples;
  /** By the size of the parts. */
  inParts: Map<number, Samples>;
  archiveIds: Record<Kind, string>;
}

export async function upload(
  contestants: Contestants,
  { body, rounds }: { body: HashedBody; rounds: number },
): Promise<Uploads> {
  const archiveIds = { encrypted: '', 'not encrypted': '' };
  const turns: Turns = { ...unavoidable(contestants, body), ...wholeUploads(contestants, { body, archiveIds }) };
  const whole = await inTurn(rounds, turns);
  const inParts = new Map<number, Samples>();
  for (const partBytes of PART_SIZES_BYTES.filter((size) => size <= body.sizeBytes)) {
    inParts.set(partBytes, await inTurn(rounds, uploadsInParts(contestants, { body, partBytes })));
  }
  return { body, rounds, whole, inParts, archiveIds };
}

let files = 0;
const newName = (what: string): string => {
  files += 1;
  return `${what}-${files}`;
};

const length = ({ sizeBytes }: HashedBody): string => `Content-Length: ${sizeBytes}`;

function unavoidable({ bare, scratchPath }: Contestants, body: HashedBody) {
  const own = (action: () => Promise<void>) => timed(body.sizeBytes, ownCpuSeconds, action);
  const discard = { head: `POST /discard HTTP/1.1\r\n${length(body)}`, status: 200, body };
  return {
    received: () => timedOn(bare, body.sizeBytes, () => send(bare, discard)),
    hashed: () => own(async () => void hashPass(body)),
    written: () => own(() => writeDurably(join(scratchPath, newName('written')), body)),
    sealed: () => own(() => cipherPass(body)),
  };
}

function wholeUploads(
  { nginx, pipeline, moraine }: Contestants,
  { body, archiveIds }: { body: HashedBody; archiveIds: Record<Kind, string> },
): Turns {
  const store = { head: `POST / HTTP/1.1\r\n${length(body)}`, status: 200, body };
  const uploadTo = (kind: Kind) => () =>
    timedOn(moraine[kind].program, body.sizeBytes, async () => {
      archiveIds[kind] = await moraine[kind].vault.upload(body);
    });
  return {
    pipeline: () => timedOn(pipeline, body.sizeBytes, () => send(pipeline, store)),
    ...(nginx && { nginx: () => timedOn(nginx, body.sizeBytes, () => send(nginx, storeRequest(body))) }),
    encrypted: uploadTo('encrypted'),
    'not encrypted': uploadTo('not encrypted'),
  };
}

/** Always a new file, as every archive is one: writing over cached pages would be several times cheaper. */
const storeRequest = (body: HashedBody) => ({
  head: `PUT /store/${newName('stored')} HTTP/1.1\r\n${length(body)}`,
  status: 201,
  body,
});

function uploadsInParts(
  { nginx, moraine }: Contestants,
  { body, partBytes }: { body: HashedBody; partBytes: number },
): Turns {
  const part = hashedBody({ piece: body.piece, sizeBytes: partBytes });
  const pieces = { clients: CLIENTS, count: body.sizeBytes / partBytes };
  const uploadTo = (kind: Kind) => () =>
    timedOn(moraine[kind].program, body.sizeBytes, () =>
      moraine[kind].vault.uploadInParts(body, part, { clients: CLIENTS }),
    );
  return {
    ...(nginx && {
      nginx: () => timedOn(nginx, body.sizeBytes, () => atOnce(pieces, () => send(nginx, storeRequest(part)))),
    }),
    encrypted: uploadTo('encrypted'),
    'not encrypted': uploadTo('not encrypted'),
  };
}

export function uploadRows({ whole, inParts }: Uploads): Row[] {
  return [
    ...limitRows(whole),
    ...rateRows('upload', whole, ['nginx', 'pipeline']),
    ...cpuRows(whole),
    ...Array.from(inParts, ([partBytes, samples]) => {
      const name = `upload in parts of ${partBytes / MIB} MiB, ${CLIENTS} clients`;
      return [...rateRows(name, samples, ['nginx']), ...cpuPerGib(name, samples)];
    }).flat(),
  ];
}

const NAMES: Record<string, string> = {
  received: 'bare node:http, receive and discard',
  hashed: 'one SHA-256 pass',
  written: `${WRITE_CASE} and fsync`,
  sealed: 'one AES-256-GCM pass',
  nginx: 'nginx, body to file, no fsync',
  pipeline: 'pipeline of node:crypto, twice',
};

const figure = (name: string, samples: Samples, member: keyof Transfer) => ({
  case: NAMES[name] ?? name,
  value: medianOf(samples[name] ?? [])[member],
});

function limitRows(samples: Samples): Row[] {
  const limits = ['received', 'hashed', 'written', 'sealed'];
  return [
    ...limits.map((name) => ({ ...figure(name, samples, 'mibPerSecond'), unit: 'MiB/s' })),
    ...limits.map((name) => ({ ...figure(name, samples, 'cpuSecondsPerGib'), unit: 'CPU s/GiB' })),
  ];
}

/** Rates of both kinds against each of the others that is there. */
function rateRows(what: string, samples: Samples, others: readonly string[]): Row[] {
  const unit = 'MiB/s';
  const present = others.filter((name) => samples[name] !== undefined);
  return [
    ...present
      .map((name) => figure(name, samples, 'mibPerSecond'))
      .map((row) => ({ ...row, case: `${what}: ${row.case}`, unit })),
    ...KINDS.flatMap((kind) =>
      present.map((name) => ({
        case: `${what}, ${kind}`,
        value: medianOf(samples[kind] ?? []).mibPerSecond,
        unit,
        against: figure(name, samples, 'mibPerSecond'),
      })),
    ),
  ];
}

function cpuPerGib(what: string, samples: Samples): Row[] {
  return KINDS.map((kind) => ({
    case: `${what}, ${kind}`,
    value: medianOf(samples[kind] ?? []).cpuSecondsPerGib,
    unit: 'CPU s/GiB',
  }));
}

/** CPU time against what no server that checks and stores a body, and one that encrypts it too, can do without. */
function cpuRows(samples: Samples): Row[] {
  const costs = (names: readonly string[]): number =>
    names.map((name) => figure(name, samples, 'cpuSecondsPerGib').value).reduce((sum, cost) => sum + cost);
  const least = { case: `receive + one SHA-256 pass + ${WRITE_CASE}`, value: costs(['received', 'hashed', 'written']) };
  const leastSealed = {
    case: `${least.case} + one AES pass`,
    value: costs(['received', 'hashed', 'written', 'sealed']),
  };
  const unit = 'CPU s/GiB';
  const [encrypted, plain] = cpuPerGib('upload', samples);
  if (encrypted === undefined || plain === undefined) return [];
  return [
    ...['nginx', 'pipeline']
      .filter((name) => samples[name])
      .map((name) => ({ ...figure(name, samples, 'cpuSecondsPerGib'), unit })),
    { ...encrypted, against: leastSealed },
    { ...encrypted, against: least },
    { ...plain, against: least },
  ];
}
