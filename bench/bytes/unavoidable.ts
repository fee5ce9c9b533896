import { createCipheriv, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { chooseFrameWork } from '../../src/frames/choose.ts';
import type { RepeatedBody } from '../connection.ts';

const NONCE_BYTES = 12;
const frameWork = chooseFrameWork();

/** How the disk is written in pieces of a MiB at the least cost: past the page cache, where the addon gives memory for that. */
export const WRITE_CASE = frameWork.kind === 'native' ? 'direct write' : 'write';

/** The disk's part: a new file, durable on return. */
export async function writeDurably(path: string, { piece, sizeBytes }: RepeatedBody): Promise<void> {
  const frame = frameWork.allocate();
  frame.set(piece.subarray(0, frame.length));
  const direct = frameWork.kind === 'native' ? constants.O_DIRECT : 0;
  await using handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | direct);
  for (let done = 0; done < sizeBytes; done += frame.length) await handle.write(frame, 0, frame.length, done);
  await handle.sync();
}

/** What nobody who encrypts can do without: one pass of AES-256-GCM, a MiB at a time. */
export function cipherPass({ piece, sizeBytes }: RepeatedBody): void {
  const key = randomBytes(32);
  for (let done = 0; done < sizeBytes; done += piece.length) {
    const nonce = Buffer.alloc(NONCE_BYTES);
    nonce.writeUInt32BE(done / piece.length);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    cipher.update(piece);
    cipher.final();
  }
}
