import { hash, randomFillSync } from 'node:crypto';

/**
 * Identifiers. They are opaque base64url text of the lengths that the real service uses, because clients check those
 * lengths; they never begin with `-`, which shells and option parsers would take for a flag.
 *
 * Ids that also serve as list markers (jobs, uploads) carry their creation instant, so that a listing can go on after the
 * row behind a marker is gone. The instant is masked with a hash of the random part: ids show no order, and a text that
 * was never an id is recognised by its check bytes.
 */
const ARCHIVE_ID_BYTES = 103;
const TIMED_ID_BYTES = 69;
const REQUEST_ID_BYTES = 35;
const CAPACITY_ID_BYTES = 18;
const LOCK_ID_BYTES = 18;
const BLOB_ID_BYTES = 16;
const INSTANT_BYTES = 6;
const CHECK_BYTES = 4;
const RANDOM_BYTES = TIMED_ID_BYTES - INSTANT_BYTES - CHECK_BYTES;
const TIMED_ID_LENGTH = 92;
const POOL_BYTES = 4096;

const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** A position in a list ordered by creation instant and id: what a marker stands for. */
export interface ListPosition {
  createdAtMs: number;
  id: string;
}

/** Asking the system for random bytes costs far more than the bytes do, so that they are fetched ahead; none is used twice. */
const pool = Buffer.alloc(POOL_BYTES);
let usedBytes = POOL_BYTES;

/** Good until the next call. */
function randomBytes(sizeBytes: number): Buffer {
  if (usedBytes + sizeBytes > POOL_BYTES) {
    randomFillSync(pool);
    usedBytes = 0;
  }
  usedBytes += sizeBytes;
  return pool.subarray(usedBytes - sizeBytes, usedBytes);
}

/** 138 characters. */
export const newArchiveId = (): string => withoutLeadingDash(() => randomBytes(ARCHIVE_ID_BYTES));

/** 47 characters. */
export const newRequestId = (): string => withoutLeadingDash(() => randomBytes(REQUEST_ID_BYTES));

/** The id of a provisioned capacity unit, 24 characters. */
export const newCapacityId = (): string => withoutLeadingDash(() => randomBytes(CAPACITY_ID_BYTES));
/** A vault lock's id, 24 characters. It is a secret: who knows it can complete the lock. */
export const newLockId = (): string => withoutLeadingDash(() => randomBytes(LOCK_ID_BYTES));

/** 32 hexadecimal digits; the only kind of id that becomes part of a path. */
export const newBlobId = (): string => randomBytes(BLOB_ID_BYTES).toString('hex');

/** A job id, 92 characters. */
export const newJobId = (createdAtMs: number): string => newTimedId(createdAtMs);

/** A multipart upload id, 92 characters. */
export const newUploadId = (createdAtMs: number): string => newTimedId(createdAtMs);

/** The position that a job or upload id stands for, or undefined when the text was never such an id. */
export function positionOfTimedId(id: string): ListPosition | undefined {
  if (id.length !== TIMED_ID_LENGTH || !BASE64URL.test(id)) return undefined;
  const bytes = Buffer.from(id, 'base64url');
  const random = bytes.subarray(0, RANDOM_BYTES);
  const tail = masked(bytes.subarray(RANDOM_BYTES), random);
  const check = tail.subarray(INSTANT_BYTES);
  if (!check.equals(checkOf(tail.subarray(0, INSTANT_BYTES), random))) return undefined;
  return { createdAtMs: tail.readUIntBE(0, INSTANT_BYTES), id };
}

function newTimedId(createdAtMs: number): string {
  return withoutLeadingDash(() => {
    const random = randomBytes(RANDOM_BYTES);
    const instant = Buffer.alloc(INSTANT_BYTES);
    instant.writeUIntBE(createdAtMs, 0, INSTANT_BYTES);
    return Buffer.concat([random, masked(Buffer.concat([instant, checkOf(instant, random)]), random)]);
  });
}

function withoutLeadingDash(make: () => Buffer): string {
  for (;;) {
    const id = make().toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

function masked(tail: Buffer, random: Buffer): Buffer {
  const mask = digestOf(['mask', random]);
  return Buffer.from(tail.map((byte, index) => byte ^ (mask[index] ?? 0)));
}

function checkOf(instant: Buffer, random: Buffer): Buffer {
  return digestOf(['check', random, instant]).subarray(0, CHECK_BYTES);
}

/** Through hexadecimal, because OpenSSL's own objects and buffers cost more. */
function digestOf([label, ...parts]: [label: string, ...parts: Buffer[]]): Buffer {
  return Buffer.from(hash('sha256', Buffer.concat([Buffer.from(label), ...parts]), 'hex'), 'hex');
}
