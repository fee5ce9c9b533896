import { createConnection, type Socket } from 'node:net';
import { limits } from '../model/limits.ts';
import { LineReader, type Request, type Response, sendLine } from './protocol.ts';
import { openSocketPath } from './socket-path.ts';

/** The server broke off after it was asked, so nobody knows whether it has done it. */
export class UnansweredError extends Error {
  constructor(why: string) {
    super(`${why}; whether the command was carried out is not known`);
    this.name = 'UnansweredError';
  }
}

/**
 * Asks the server that holds a data directory. Undefined when there is none that takes the request: then nothing has
 * happened, and it may be tried again.
 */
export async function askServer({
  dataDir,
  request,
}: {
  dataDir: string;
  request: Request;
}): Promise<Exclude<Response, { stopping: true }> | undefined> {
  using path = openSocketPath(dataDir);
  const socket = await connect(path.path);
  if (socket === undefined) return undefined;
  try {
    const lines = new LineReader(socket);
    const greeting = await within(limits.adminRequestMs, socket, lines.next(limits.adminRequestBytesMax));
    // A server that ends says so in place of a greeting.
    if (greeting === undefined || 'stopping' in JSON.parse(greeting)) return undefined;
    sendLine(socket, request);
    const line = await within(limits.adminAnswerMs, socket, lines.next(limits.adminAnswerBytesMax));
    if (line === undefined) throw new UnansweredError('the server ended, or took too long, before it answered');
    const response = JSON.parse(line) as Response;
    return 'stopping' in response ? undefined : response;
  } finally {
    socket.destroy();
  }
}

/** What says that nobody listens: no socket, one that a killed server left, or more clients than fit. */
const NOBODY = ['ENOENT', 'ECONNREFUSED', 'EAGAIN'];

async function connect(path: string): Promise<Socket | undefined> {
  const socket = createConnection(path);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('connect', resolve);
  socket.on('error', reject);
  try {
    await promise;
    return socket;
  } catch (error) {
    socket.destroy();
    if (NOBODY.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** After `ms` the socket is cut, which ends the reading. */
async function within<T>(ms: number, socket: Socket, reading: Promise<T>): Promise<T> {
  const timer = setTimeout(() => socket.destroy(), ms);
  try {
    return await reading;
  } finally {
    clearTimeout(timer);
  }
}
