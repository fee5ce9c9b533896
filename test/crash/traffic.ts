import type { Target } from '../support/clients.ts';
import { MIB, treeHash } from '../support/hashes.ts';
import { type RawAnswer, type RawRequest, send, sendUpload } from '../support/raw-client.ts';
import { answerOf, startJob, upload, VAULT } from './archives.ts';
import { bytesOf, type Ledger, type OpenUpload, partsOf, sumsOf } from './ledger.ts';
import { oneOf } from './tiers.ts';

/** Clients of a server that dies at some moment. Whatever they are answered, and whatever they are not, is in the ledger. */
export const UPLOADS = `${VAULT}/multipart-uploads`;
/** So many archives stay for the end, to be read then. */
const ARCHIVES_MIN = 5;
const VAULTS_MAX = 3;

/** One thing that a client does; false when the server no longer answers. */
type Deed = (target: Target, ledger: Ledger, random: () => number) => Promise<boolean>;
export type DeedName = keyof typeof DEEDS;

/** What clients do; what is there more often is done more often. */
export const EVERYTHING: readonly DeedName[] = [
  ...Array<DeedName>(5).fill('uploadSmall'),
  ...Array<DeedName>(3).fill('deleteArchive'),
  ...Array<DeedName>(2).fill('uploadInParts'),
  ...(['uploadLarge', 'abort', 'retrieve', 'listAll', 'changeVaults'] as const),
];

/** One client, doing one thing after the other until the server no longer answers, which is told by false, or so many things. */
export async function client(
  target: Target,
  {
    ledger,
    random,
    deeds,
    countMax = Number.POSITIVE_INFINITY,
  }: { ledger: Ledger; random: () => number; deeds: readonly DeedName[]; countMax?: number },
): Promise<boolean> {
  for (let count = 0; count < countMax; count += 1) {
    if (!(await DEEDS[oneOf(random, deeds)](target, ledger, random))) return false;
  }
  return true;
}

const DEEDS = {
  uploadSmall: (target: Target, ledger: Ledger) => uploadOne(target, ledger, 'small'),
  uploadLarge: (target: Target, ledger: Ledger) => uploadOne(target, ledger, 'large'),
  uploadInParts,
  abort,
  deleteArchive,
  retrieve,
  listAll: (target: Target, ledger: Ledger) => noteJob(target, ledger, { Type: 'inventory-retrieval' }),
  changeVaults,
} satisfies Record<string, Deed>;

/** The answer, when it is the one that must come; undefined when none came. */
async function answered(answer: Promise<RawAnswer>, status: number): Promise<RawAnswer | undefined> {
  const came = await answerOf(answer);
  if (came !== undefined && came.status !== status) throw new Error(`${status} expected: ${came.status} ${came.text}`);
  return came;
}

async function uploadOne(target: Target, ledger: Ledger, kind: string): Promise<boolean> {
  const description = ledger.nextName(kind);
  ledger.coming.add(description);
  return noteArchive(
    ledger,
    description,
    await answered(upload(target, { body: bytesOf(description), description }), 201),
  );
}

function noteArchive(ledger: Ledger, description: string, answer: RawAnswer | undefined): boolean {
  if (answer === undefined) {
    ledger.count.unanswered += 1;
    return false;
  }
  ledger.acknowledge(answer.header('x-amz-archive-id') ?? '', description);
  return true;
}

/** Goes on with an upload that a death of the server interrupted, or begins one, and completes it. */
async function uploadInParts(target: Target, ledger: Ledger): Promise<boolean> {
  const [id, open] = (await taken(target, ledger)) ?? [];
  if (id === undefined || open === undefined) return false;
  for (const start of partsOf(open.description).keys()) {
    if (!open.parts.has(start) && !(await sendPart(target, ledger, { id, open, start }))) return false;
  }
  open.asked = 'complete';
  ledger.coming.add(open.description);
  const answer = await answered(send(target, completion(id, open.description)), 201);
  if (answer !== undefined) ledger.end(id);
  return noteArchive(ledger, open.description, answer);
}

async function abort(target: Target, ledger: Ledger): Promise<boolean> {
  const [id, open] = (await taken(target, ledger)) ?? [];
  if (id === undefined || open === undefined) return false;
  if (!open.parts.has(0) && !(await sendPart(target, ledger, { id, open, start: 0 }))) return false;
  open.asked = 'abort';
  const answer = await answered(send(target, { method: 'DELETE', path: `${UPLOADS}/${id}` }), 204);
  if (answer !== undefined) ledger.end(id);
  return answer !== undefined;
}

/** What a client works on, until the server that it speaks to is gone. */
const working = new Set<OpenUpload>();

/** An upload that nobody works on: one that was left open in another life of the server, or a new one. */
async function taken(target: Target, ledger: Ledger): Promise<[id: string, open: OpenUpload] | undefined> {
  const left = [...ledger.uploads].find(([, open]) => !working.has(open));
  if (left !== undefined) {
    working.add(left[1]);
    return left;
  }
  const description = ledger.nextName('multipart');
  const headers = { 'x-amz-part-size': String(MIB), 'x-amz-archive-description': description };
  const answer = await answered(send(target, { method: 'POST', path: UPLOADS, headers }), 201);
  if (answer === undefined) return undefined;
  const open: OpenUpload = { description, parts: new Map(), sent: new Set(), asked: 'nothing' };
  const id = answer.header('x-amz-multipart-upload-id') ?? '';
  ledger.uploads.set(id, open);
  working.add(open);
  return [id, open];
}

/** Whatever clients worked on, others may go on with, for the server that they spoke to is gone. */
export function release(ledger: Ledger): void {
  for (const open of ledger.uploads.values()) working.delete(open);
}

async function sendPart(
  target: Target,
  ledger: Ledger,
  { id, open, start }: { id: string; open: OpenUpload; start: number },
): Promise<boolean> {
  const body = partsOf(open.description).get(start) ?? Buffer.alloc(0);
  const headers = { 'content-range': `bytes ${start}-${start + body.length - 1}/*` };
  open.sent.add(start);
  const answer = await answered(sendUpload(target, { method: 'PUT', path: `${UPLOADS}/${id}`, body, headers }), 204);
  if (answer === undefined) return false;
  open.sent.delete(start);
  open.parts.set(start, treeHash(body));
  ledger.count.parts += 1;
  return true;
}

export function completion(id: string, description: string): RawRequest {
  const { sizeBytes, treeHash: hash } = sumsOf(description);
  const headers = { 'x-amz-archive-size': String(sizeBytes), 'x-amz-sha256-tree-hash': hash };
  return { method: 'POST', path: `${UPLOADS}/${id}`, headers };
}

async function deleteArchive(target: Target, ledger: Ledger, random: () => number): Promise<boolean> {
  const ids = [...ledger.archives.keys()];
  if (ids.length < ARCHIVES_MIN) return true;
  const id = oneOf(random, ids);
  ledger.leaving.set(id, ledger.archives.get(id) ?? '');
  ledger.archives.delete(id);
  ledger.unread.delete(id);
  const answer = await answered(send(target, { method: 'DELETE', path: `${VAULT}/archives/${id}` }), 204);
  if (answer === undefined) return false;
  ledger.delete(id);
  ledger.count.deleted += 1;
  return true;
}

function retrieve(target: Target, ledger: Ledger, random: () => number): Promise<boolean> {
  const ids = [...ledger.archives.keys()];
  if (ids.length === 0) return Promise.resolve(true);
  return noteJob(target, ledger, { Type: 'archive-retrieval', ArchiveId: oneOf(random, ids) });
}

async function noteJob(target: Target, ledger: Ledger, parameters: Record<string, string>): Promise<boolean> {
  const answer = await answerOf(startJob(target, parameters));
  if (answer === undefined) return false;
  // Another client may have deleted the archive just now.
  if (answer.status === 404) return true;
  if (answer.status !== 202) throw new Error(`InitiateJob answers ${answer.status}: ${answer.text}`);
  ledger.jobs.add(answer.header('x-amz-job-id') ?? '');
  ledger.count.jobs += 1;
  return true;
}

/** Makes an empty vault, or deletes one. Each name is used by one client at a time, and made once. */
async function changeVaults(target: Target, ledger: Ledger, random: () => number): Promise<boolean> {
  const { vaults } = ledger;
  const isNew = vaults.names.length < VAULTS_MAX;
  const name = isNew ? ledger.nextName('vault').replace(' ', '-') : oneOf(random, vaults.names);
  vaults.ask(name, isNew ? true : undefined);
  const asked = { method: isNew ? 'PUT' : 'DELETE', path: `/-/vaults/${name}` };
  const answer = await answered(send(target, asked), isNew ? 201 : 204);
  if (answer !== undefined) vaults.settle(name, true);
  return answer !== undefined;
}
