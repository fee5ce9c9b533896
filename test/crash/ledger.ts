import { noise, treeHash } from '../support/hashes.ts';
import type { Listed } from './archives.ts';
import { Facts } from './facts.ts';
import { seeded } from './tiers.ts';

const PART_BYTES = 1024 * 1024;
const SMALL_BYTES_MAX = 64 * 1024;
const LARGE_BYTES_MAX = 5 * 1024 * 1024;

/** An open multipart upload, as its client knows it. One client at a time works on it. */
export interface OpenUpload {
  description: string;
  /** Tree hashes of the parts that were acknowledged, by the number of their first byte. */
  parts: Map<number, string>;
  /** First bytes of parts that were sent and not answered. */
  sent: Set<number>;
  asked: 'nothing' | 'complete' | 'abort';
}

/**
 * What clients know of a server that is killed again and again: what it acknowledged, and what it never answered, which
 * may have happened or not. After each start what is there settles the rest: it must stay as it was found.
 */
export class Ledger {
  /** Descriptions of archives that must be there, by id. Bytes are named by the description, which is of one archive alone. */
  readonly archives = new Map<string, string>();
  /** Archives whose deletion was asked for and not answered. */
  readonly leaving = new Map<string, string>();
  readonly deleted = new Set<string>();
  /** Descriptions of archives that were sent and not answered. */
  readonly coming = new Set<string>();
  /** Ids of archives whose bytes were not read since the server last died. */
  readonly unread = new Set<string>();
  readonly uploads = new Map<string, OpenUpload>();
  /** Ids of uploads that were completed or aborted. */
  readonly ended = new Set<string>();
  readonly vaults = new Facts<boolean>();
  readonly jobs = new Set<string>();
  /** How jobs ended, once somebody saw them end. */
  readonly ends = new Map<string, string>();
  readonly count = { stored: 0, deleted: 0, parts: 0, unanswered: 0, jobs: 0 };
  firstStartMs: number | undefined;
  slowestStartMs = 0;
  #names = 0;
  #awaited: { stored: number; resolve: () => void } | undefined;

  nextName(kind: string): string {
    this.#names += 1;
    return `${kind} ${this.#names}`;
  }

  /** The archive is there, by an answer or by what a later server shows. */
  store(archiveId: string, description: string): void {
    this.coming.delete(description);
    this.archives.set(archiveId, description);
    this.unread.add(archiveId);
  }

  /** An archive was acknowledged. */
  acknowledge(archiveId: string, description: string): void {
    this.store(archiveId, description);
    this.count.stored += 1;
    if (this.#awaited !== undefined && this.count.stored >= this.#awaited.stored) this.#awaited.resolve();
  }

  /** Resolves as soon as so many archives have been acknowledged. */
  reached(stored: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#awaited = { stored, resolve };
    if (this.count.stored >= stored) resolve();
    return promise;
  }

  /** An inventory after a start: what is wrong with it. What nobody knew is known from now on. */
  settle(listed: readonly Listed[]): string[] {
    const ids = new Set(listed.map((item) => item.ArchiveId));
    const wrong: string[] = ids.size === listed.length ? [] : ['the inventory has archives twice'];
    for (const [id, description] of this.archives) if (!ids.has(id)) wrong.push(`${description} is lost: ${id}`);
    for (const id of this.leaving.keys()) if (!ids.has(id)) this.delete(id);
    for (const { ArchiveId: id, ArchiveDescription: description, ...item } of listed) {
      const isLeaving = this.leaving.delete(id);
      if (this.deleted.has(id)) wrong.push(`${description} was deleted: ${id}`);
      else if (isLeaving || this.coming.has(description)) this.store(id, description);
      else if (!this.archives.has(id)) wrong.push(`${description} is of nobody: ${id}`);
      const sums = sumsOf(description);
      if (item.Size !== sums.sizeBytes || item.SHA256TreeHash !== sums.treeHash) {
        wrong.push(`${description} has other sums: ${item.Size} ${item.SHA256TreeHash}`);
      }
    }
    this.coming.clear();
    return wrong;
  }

  delete(archiveId: string): void {
    this.leaving.delete(archiveId);
    this.deleted.add(archiveId);
  }

  /** The upload was completed or aborted. */
  end(uploadId: string): void {
    this.uploads.delete(uploadId);
    this.ended.add(uploadId);
  }
}

/** The bytes of the archive with this description: up to 64 KiB, up to 5 MiB, or of two to three parts. */
export function bytesOf(description: string): Buffer {
  const [kind, number] = description.split(' ');
  const share = seeded(Number(number) + 1, 9)();
  if (kind === 'multipart') return noise(2 * PART_BYTES + 1 + Math.floor(share * PART_BYTES), description);
  if (kind === 'large') return noise(PART_BYTES + Math.floor(share * (LARGE_BYTES_MAX - PART_BYTES)), description);
  // As many of one byte as of thousands.
  return noise(Math.ceil(SMALL_BYTES_MAX ** share), description);
}

/** The parts of a multipart upload with this description, by the number of their first byte. */
export function partsOf(description: string): Map<number, Buffer> {
  const bytes = bytesOf(description);
  const starts = Array.from({ length: Math.ceil(bytes.length / PART_BYTES) }, (_, index) => index * PART_BYTES);
  return new Map(starts.map((start) => [start, bytes.subarray(start, start + PART_BYTES)]));
}

const sums = new Map<string, { sizeBytes: number; treeHash: string }>();

export function sumsOf(description: string): { sizeBytes: number; treeHash: string } {
  const known = sums.get(description);
  if (known !== undefined) return known;
  const bytes = bytesOf(description);
  const found = { sizeBytes: bytes.length, treeHash: treeHash(bytes) };
  sums.set(description, found);
  return found;
}
