import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { chooseFrameWork } from '../../src/frames/choose.ts';
import type { RepeatedBody } from '../connection.ts';

const KEY_BYTES = 32;
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

/**
 * What nobody who encrypts can do without: one pass of AES-256-GCM, a MiB at a time, in place, since Node.js by itself would
 * spend several times as long on fresh memory for the result.
 */
export async function cipherPass({ piece, sizeBytes }: RepeatedBody): Promise<void> {
  const key = randomBytes(KEY_BYTES);
  const frame = frameWork.allocate();
  frame.set(piece.subarray(0, frame.length));
  await using nowhere = await open('/dev/null', 'w');
  for (let done = 0; done < sizeBytes; done += frame.length) {
    await frameWork.write(nowhere.fd, frame, { position: done, seal: { key, index: done / frame.length } });
  }
}
