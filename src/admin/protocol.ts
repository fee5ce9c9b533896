import type { Socket } from 'node:net';
import { z } from 'zod';
import { limits } from '../model/limits.ts';

/**
 * How the CLI and the server talk over the socket in the data directory: lines of JSON, one request and one answer for
 * each connection. The server speaks first, so a client that was let down before it asked knows that nothing happened.
 */
export interface Greeting {
  moraine: string;
}

const requestSchema = z.object({ command: z.string(), input: z.unknown() });
export type Request = z.output<typeof requestSchema>;

export type Response =
  | { answer: unknown }
  /** The operator asked for what cannot be; the text says why. */
  | { refusal: string }
  /** Something that nobody expected; the server's log tells it. */
  | { failure: string }
  /** The server is about to end, and has not looked at the request. */
  | { stopping: true };

const NEWLINE = 0x0a;

export const sendLine = (socket: Socket, message: Greeting | Request | Response): void => {
  socket.write(`${JSON.stringify(message)}\n`);
};

/**
 * Reads lines, each at most `bytesMax` long. The next one is read when it is asked for; undefined means that the other side
 * has ended or broken off before the line was whole. A line that is too long throws RangeError.
 */
export class LineReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#chunks = socket.iterator({ destroyOnReturn: false });
  }

  async next(bytesMax: number): Promise<string | undefined> {
    const parts: Buffer[] = [];
    for (let bytes = 0; ; ) {
      const end = this.#rest.indexOf(NEWLINE);
      const part = end === -1 ? this.#rest : this.#rest.subarray(0, end);
      bytes += part.length;
      if (bytes > bytesMax) throw new RangeError(`a line is longer than ${bytesMax} bytes`);
      parts.push(part);
      this.#rest = end === -1 ? Buffer.alloc(0) : this.#rest.subarray(end + 1);
      if (end !== -1) return Buffer.concat(parts).toString('utf8');
      const chunk = await this.#read();
      if (chunk === undefined) return undefined;
      this.#rest = chunk;
    }
  }

  async #read(): Promise<Buffer | undefined> {
    try {
      const { done, value } = await this.#chunks.next();
      return done === true ? undefined : value;
    } catch {
      return undefined;
    }
  }
}

/** The request on a connection; a refusal when it is none, undefined when the client went away. */
export async function readRequest(lines: LineReader): Promise<Request | { refusal: string } | undefined> {
  try {
    const line = await lines.next(limits.adminRequestBytesMax);
    return line === undefined ? undefined : requestSchema.parse(JSON.parse(line));
  } catch (error) {
    return { refusal: error instanceof RangeError ? error.message : 'the request is not one that this version knows' };
  }
}
