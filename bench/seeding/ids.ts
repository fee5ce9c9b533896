import { hash } from 'node:crypto';
import { positionOfTimedId } from '../../src/model/ids.ts';

/**
 * Ids by the million, each a genuine one: those of jobs carry their creation instant as `positionOfTimedId` wants it. What is
 * random in a real id comes from a generator here that gives the same id for the same number again, so that a benchmark
 * knows any job of ten million without keeping them. Only the first eight characters ascend with the number: ids that come
 * in order are appended to their index, which costs a tenth of putting each somewhere in its middle.
 */
const RANDOM_BYTES = 59;
const INSTANT_BYTES = 6;
const CHECK_BYTES = 4;
const ARCHIVE_ID_BYTES = 103;
const LEAD_CHARACTERS = 8;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** The same characters as a database sorts them; the first of them, `-`, may not begin an id. */
const ASCENDING = [...ALPHABET].sort();
const LEADS = ALPHABET.length ** LEAD_CHARACTERS;
const FIRST_LEAD = LEADS / ALPHABET.length;
const GOLDEN_RATIO = 0x9e3779b9;

/** Number `index` of `count` ids. */
export interface Numbered {
  index: number;
  count: number;
}

export class IdGenerator {
  readonly #seed: number;
  readonly #jobId = Buffer.alloc(RANDOM_BYTES + INSTANT_BYTES + CHECK_BYTES);
  readonly #archiveId = Buffer.alloc(ARCHIVE_ID_BYTES);
  readonly #masking = Buffer.alloc('mask'.length + RANDOM_BYTES, 'mask');
  readonly #checking = Buffer.alloc('check'.length + RANDOM_BYTES + INSTANT_BYTES, 'check');

  /** Two generators with the same seed give the same ids. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  jobId(number: Numbered, createdAtMs: number): string {
    const id = this.#jobId;
    this.#fill(id, RANDOM_BYTES, number);
    id.copy(this.#masking, 'mask'.length, 0, RANDOM_BYTES);
    id.copy(this.#checking, 'check'.length, 0, RANDOM_BYTES);
    this.#checking.writeUIntBE(createdAtMs, 'check'.length + RANDOM_BYTES, INSTANT_BYTES);
    id.writeUIntBE(createdAtMs, RANDOM_BYTES, INSTANT_BYTES);
    id.write(hash('sha256', this.#checking, 'binary'), RANDOM_BYTES + INSTANT_BYTES, CHECK_BYTES, 'latin1');
    const mask = hash('sha256', this.#masking, 'binary');
    for (let at = 0; at < INSTANT_BYTES + CHECK_BYTES; at += 1) {
      id[RANDOM_BYTES + at] = (id[RANDOM_BYTES + at] ?? 0) ^ mask.charCodeAt(at);
    }
    return id.toString('base64url');
  }

  archiveId(number: Numbered): string {
    this.#fill(this.#archiveId, ARCHIVE_ID_BYTES, number);
    return this.#archiveId.toString('base64url');
  }

  #fill(bytes: Buffer, length: number, { index, count }: Numbered): void {
    let state = (Math.imul(index + 1, GOLDEN_RATIO) ^ this.#seed) >>> 0;
    for (let at = 0; at < length; at += 1) {
      // Marsaglia's xorshift, "Xorshift RNGs" (2003), 32 bits.
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      bytes[at] = state >>> 11;
    }
    const lead = FIRST_LEAD + Math.floor(((LEADS - FIRST_LEAD) / count) * index);
    bytes.write(leadText(lead), 'base64url');
  }
}

/** A number as eight characters that sort as the numbers do. */
function leadText(lead: number): string {
  let [text, left] = ['', lead];
  for (let at = 0; at < LEAD_CHARACTERS; at += 1) {
    text = `${ASCENDING[left % ALPHABET.length]}${text}`;
    left = Math.floor(left / ALPHABET.length);
  }
  return text;
}

/** Throws when the server would not take the id for one that was created at that instant. */
export function checkJobId(id: string, createdAtMs: number): void {
  if (positionOfTimedId(id)?.createdAtMs !== createdAtMs) throw new Error(`${id} is not the id of a job`);
}
