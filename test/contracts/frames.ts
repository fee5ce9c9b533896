import { createCipheriv, createDecipheriv, createHash, hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { FrameSeal } from '../../src/frames/frame-work.ts';
import { MIB } from '../../src/model/limits.ts';
import { combine } from '../../src/tree-hash/nodes.ts';

/** What work on frames must come to, said once more with nothing but `node:crypto` and `node:zlib`. */
interface Body {
  name: string;
  repeat?: number;
  hex?: string;
  text?: string;
  counter?: true;
  sizeBytes: number;
  treeHash: string;
}

const fixture: { seed: string; bodies: Body[] } = JSON.parse(
  readFileSync(new URL('../fixtures/treehash.json', import.meta.url), 'utf8'),
);
/** The larger ones say nothing more here, and the bytes of their stream take long to make. */
const VECTOR_BYTES_MAX = 5 * MIB + 1;

/** Bodies whose tree hash others computed. */
export function vectors(): { name: string; bytes: Buffer; treeHash: string }[] {
  const small = fixture.bodies.filter(({ sizeBytes }) => sizeBytes <= VECTOR_BYTES_MAX);
  const stream = counterStream(Math.max(...small.filter(({ counter }) => counter).map(({ sizeBytes }) => sizeBytes)));
  return small.map((body) => ({ name: body.name, bytes: bytesOf(body, stream), treeHash: body.treeHash }));
}

function bytesOf(body: Body, stream: Buffer): Buffer {
  if (body.counter) return stream.subarray(0, body.sizeBytes);
  if (body.hex !== undefined) return Buffer.from(body.hex, 'hex');
  if (body.text !== undefined) return Buffer.from(body.text);
  return Buffer.alloc(body.sizeBytes, body.repeat);
}

function counterStream(sizeBytes: number): Buffer {
  const block = Buffer.concat([Buffer.from(fixture.seed), Buffer.alloc(8)]);
  const stream = Buffer.allocUnsafe(sizeBytes);
  for (let at = 0, counter = 0; at < sizeBytes; at += 32, counter += 1) {
    block.writeUInt32BE(counter, block.length - 4);
    stream.write(hash('sha256', block, 'binary'), at, 'latin1');
  }
  return stream;
}

export interface Digest {
  linear: Buffer;
  leaves: Buffer;
}

export function expectedDigest(bytes: Buffer): Digest {
  const leaves: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += MIB) leaves.push(hash('sha256', bytes.subarray(at, at + MIB), 'buffer'));
  return { linear: createHash('sha256').update(bytes).digest(), leaves: Buffer.concat(leaves) };
}

export function rootOf({ leaves }: Digest): string {
  return (leaves.length === 0 ? hash('sha256', Buffer.alloc(0), 'buffer') : combine(leaves)).toString('hex');
}

export function crcOf(bytes: Buffer): Buffer {
  const check = Buffer.alloc(4);
  check.writeUInt32LE(crc32(bytes));
  return check;
}

function nonceOf(index: number): Buffer {
  return Buffer.from(index.toString(16).padStart(24, '0'), 'hex');
}

export function sealedByNode(bytes: Buffer, { key, index }: FrameSeal): { sealed: Buffer; tag: Buffer } {
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(index));
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return { sealed, tag: cipher.getAuthTag() };
}

export function openedByNode(sealed: Buffer, { key, index, tag }: FrameSeal & { tag: Buffer }): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(index)).setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed), decipher.final()]);
}
