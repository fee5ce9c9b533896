import { createReadStream } from 'node:fs';
import { limits } from '../model/limits.ts';
import { CommandError } from './command-error.ts';

/** Reads a policy document from a file, or from stdin for `-`. CommandError when it cannot be read or is no policy's size. */
export async function readDocument(file: string): Promise<string> {
  const name = file === '-' ? 'stdin' : file;
  return decode(await readBytes(file, name), name);
}

/** What an option says, or for `-` the one line that stdin has: other users of the machine see the words of a command. */
export async function readWord(text: string): Promise<string> {
  if (text !== '-') return text;
  const [line = '', ...more] = (await readDocument('-')).trimEnd().split(/\r?\n/);
  if (line === '' || more.length > 0) throw new CommandError('stdin must have one line');
  return line;
}

async function readBytes(file: string, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of file === '-' ? process.stdin : createReadStream(file)) {
      bytes += chunk.length;
      if (bytes > limits.policyBytesMax) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new CommandError(`${name} cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (bytes > limits.policyBytesMax) {
    throw new CommandError(`${name} has more than the ${limits.policyBytesMax} bytes that a policy may have`);
  }
  return Buffer.concat(chunks);
}

/** Editors of some systems begin a file with a byte order mark, which is no part of the text. */
function decode(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CommandError(`${name} is no UTF-8 text`, { cause });
  }
}
