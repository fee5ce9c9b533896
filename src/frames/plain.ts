import { createCipheriv, createDecipheriv } from 'node:crypto';
import { read, write } from 'node:fs';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { MIB } from '../model/limits.ts';
import type { FrameHasher, FrameSeal, FrameWork, ReadWork, WriteWork } from './frame-work.ts';
import { PlainHasher } from './plain-hasher.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CRC_BYTES = 4;
const ALGORITHM = 'aes-256-gcm';

const readSome = promisify(read);
const writeSome = promisify(write);

/**
 * Work on frames by what Node.js brings along: hashes and ciphers run on the event loop, the hashes in two passes. What is
 * written is the same, byte for byte.
 */
export function plainFrameWork(reason: string): FrameWork {
  return {
    kind: 'plain',
    reason,
    allocate: () => Buffer.allocUnsafeSlow(MIB),
    hasher: () => new PlainHasher(),
    write: writeFrame,
    read: readFrame,
  };
}

async function writeFrame(fd: number, frame: Buffer, { position, hasher, seal }: WriteWork): Promise<Buffer> {
  expectOwn(hasher);
  if (seal !== undefined) expectKey(seal);
  const work = async (): Promise<Buffer> => {
    const check = seal === undefined ? crcOf(frame) : sealInPlace(frame, seal);
    await writeWhole(fd, frame, position);
    return check;
  };
  return hasher === undefined ? await work() : await hasher.during(frame, work);
}

async function readFrame(fd: number, into: Buffer, { position, check, seal }: ReadWork) {
  if (seal !== undefined) expectKey(seal);
  const checkBytes = seal === undefined ? CRC_BYTES : TAG_BYTES;
  if (check.length !== checkBytes) throw new RangeError('the check has a wrong length');
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await readSome(fd, into, done, into.length - done, position + done);
    if (bytesRead === 0) return 'short';
    done += bytesRead;
  }
  const isIntact = seal === undefined ? crcOf(into).equals(check) : openInPlace(into, seal, check);
  return isIntact ? 'intact' : 'damaged';
}

async function writeWhole(fd: number, frame: Buffer, position: number): Promise<void> {
  for (let done = 0; done < frame.length; ) {
    const { bytesWritten } = await writeSome(fd, frame, done, frame.length - done, position + done);
    // A disk that takes nothing and names no reason would be asked for ever.
    if (bytesWritten === 0) throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO', syscall: 'write' });
    done += bytesWritten;
  }
}

function crcOf(frame: Buffer): Buffer {
  const check = Buffer.alloc(CRC_BYTES);
  check.writeUInt32LE(crc32(frame));
  return check;
}

function sealInPlace(frame: Buffer, { key, index }: FrameSeal): Buffer {
  const cipher = createCipheriv(ALGORITHM, key, nonceOf(index));
  frame.set(cipher.update(frame));
  cipher.final();
  return cipher.getAuthTag();
}

function openInPlace(frame: Buffer, { key, index }: FrameSeal, tag: Buffer): boolean {
  const decipher = createDecipheriv(ALGORITHM, key, nonceOf(index));
  frame.set(decipher.update(frame));
  decipher.setAuthTag(tag);
  try {
    decipher.final();
    return true;
  } catch {
    return false;
  }
}

/** The index as 12 bytes, the highest first. */
function nonceOf(index: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeBigUInt64BE(BigInt(index), NONCE_BYTES - 8);
  return nonce;
}

function expectKey({ key, index }: FrameSeal): void {
  if (key.length !== KEY_BYTES) throw new RangeError('a key must be 32 bytes long');
  if (!Number.isSafeInteger(index) || index < 0) throw new RangeError('a number is out of range');
}

/** The addon's hasher cannot be asked from here. */
function expectOwn(hasher: FrameHasher | undefined): asserts hasher is PlainHasher | undefined {
  if (hasher !== undefined && !(hasher instanceof PlainHasher)) throw new TypeError('this is no hasher');
}
