import type { Target } from '../support/clients.ts';
import { MIB, noise, treeHash } from '../support/hashes.ts';
import { send, sendUpload } from '../support/raw-client.ts';
import { answerOf, startJob, upload, VAULT } from './archives.ts';

/**
 * What clients know of a server that is killed again and again: what it acknowledged, and what it never answered, which
 * may have happened or not.
 */
export class Ledger {
  /** Bytes are named by the description, which every archive has for itself. */
  readonly stored = new Map<string, string>();
  readonly deleting = new Set<string>();
  readonly deleted = new Set<string>();
  /** Descriptions of uploads without an answer. */
  readonly unanswered = new Set<string>();
  readonly jobs = new Set<string>();
  /** How jobs ended, once somebody saw them end. */
  readonly ends = new Map<string, string>();
  #count = 0;

  nextDescription(kind: string): string {
    this.#count += 1;
    return `${kind} ${this.#count}`;
  }
}

const PART_BYTES = MIB;

/** The bytes of the archive with this description: small ones mostly, and of two to three parts for multipart uploads. */
export function bytesOf(description: string): Buffer {
  const [kind, number] = description.split(' ');
  if (kind === 'multipart') return noise(2 * PART_BYTES + 10 * Number(number), description);
  return noise(Number(number) % 10 === 0 ? MIB + 200_000 : 50 + 97 * (Number(number) % 200), description);
}

/** One client, doing one thing after the other until `isOver`; it stops when the server no longer answers. */
export async function client(
  target: Target,
  { ledger, random, isOver }: { ledger: Ledger; random: () => number; isOver: () => boolean },
): Promise<void> {
  const deeds = [uploadOne, uploadOne, uploadInParts, deleteOne, retrieveOne, listAll];
  while (!isOver()) {
    const deed = deeds[Math.floor(random() * deeds.length)] ?? uploadOne;
    if (!(await deed(target, ledger, random))) return;
  }
}

type Deed = (target: Target, ledger: Ledger, random: () => number) => Promise<boolean>;

const uploadOne: Deed = async (target, ledger) => {
  const description = ledger.nextDescription('single');
  const answer = await answerOf(upload(target, { body: bytesOf(description), description }));
  return note(ledger, { description, archiveId: answer?.header('x-amz-archive-id'), status: answer?.status });
};

const uploadInParts: Deed = async (target, ledger) => {
  const description = ledger.nextDescription('multipart');
  const bytes = bytesOf(description);
  const headers = { 'x-amz-part-size': String(PART_BYTES), 'x-amz-archive-description': description };
  const opened = await answerOf(send(target, { method: 'POST', path: `${VAULT}/multipart-uploads`, headers }));
  const path = `${VAULT}/multipart-uploads/${opened?.header('x-amz-multipart-upload-id')}`;
  if (opened === undefined) return false;
  for (let start = 0; start < bytes.length; start += PART_BYTES) {
    const body = bytes.subarray(start, start + PART_BYTES);
    const range = { 'content-range': `bytes ${start}-${start + body.length - 1}/*` };
    const put = await answerOf(sendUpload(target, { method: 'PUT', path, body, headers: range }));
    if (put === undefined) return false;
    if (put.status !== 204) throw new Error(`a part answers ${put.status}: ${put.text}`);
  }
  const sums = { 'x-amz-archive-size': String(bytes.length), 'x-amz-sha256-tree-hash': treeHash(bytes) };
  const answer = await answerOf(send(target, { method: 'POST', path, headers: sums }));
  return note(ledger, { description, archiveId: answer?.header('x-amz-archive-id'), status: answer?.status });
};

const deleteOne: Deed = async (target, ledger, random) => {
  const candidates = [...ledger.stored.keys()].filter((id) => !ledger.deleting.has(id));
  const archiveId = candidates[Math.floor(random() * candidates.length)];
  // A few stay for the end, to be read then.
  if (archiveId === undefined || candidates.length < 5) return true;
  ledger.deleting.add(archiveId);
  const answer = await answerOf(send(target, { method: 'DELETE', path: `${VAULT}/archives/${archiveId}` }));
  if (answer === undefined) return false;
  if (answer.status !== 204) throw new Error(`DeleteArchive answers ${answer.status}: ${answer.text}`);
  ledger.deleted.add(archiveId);
  return true;
};

const retrieveOne: Deed = async (target, ledger, random) => {
  const candidates = [...ledger.stored.keys()].filter((id) => !ledger.deleting.has(id));
  const archiveId = candidates[Math.floor(random() * candidates.length)];
  if (archiveId === undefined) return true;
  return noteJob(target, ledger, { Type: 'archive-retrieval', ArchiveId: archiveId });
};

const listAll: Deed = (target, ledger) => noteJob(target, ledger, { Type: 'inventory-retrieval' });

async function noteJob(target: Target, ledger: Ledger, parameters: Record<string, string>): Promise<boolean> {
  const answer = await answerOf(startJob(target, parameters));
  if (answer === undefined) return false;
  // Another client may have deleted the archive just now.
  if (answer.status === 404) return true;
  if (answer.status !== 202) throw new Error(`InitiateJob answers ${answer.status}: ${answer.text}`);
  ledger.jobs.add(answer.header('x-amz-job-id') ?? '');
  return true;
}

function note(
  ledger: Ledger,
  {
    description,
    archiveId,
    status,
  }: { description: string; archiveId: string | undefined; status: number | undefined },
): boolean {
  if (status === undefined) {
    ledger.unanswered.add(description);
    return false;
  }
  if (status !== 201 || archiveId === undefined) throw new Error(`the upload answers ${status}`);
  ledger.stored.set(archiveId, description);
  return true;
}
