import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { GlacierError } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { Notes } from './audit.ts';
import { ClientGoneError, type RequestBody } from './body.ts';
import { type ErrorForms, renderError, statusOf } from './errors.ts';
import type { Content, HeaderList, Reply } from './reply.ts';

type BytesContent = Extract<Content, { kind: 'bytes' }>;

const JSON_TYPE = 'application/json';

/** What is needed to answer one request. */
export interface Exchange {
  requestId: string;
  response: ServerResponse;
  body: RequestBody;
  /** Whether the request was authenticated, which decides how much of an unwanted body is read to be polite. */
  authenticated: boolean;
  /** Why the request was refused, for the log. */
  refusal?: string;
  /** For the audit log, once the head makes sense. */
  notes?: Notes;
}

/** Sends what an operation answered. Throws when the bytes of a download fail before the head is out. */
export async function sendReply(exchange: Exchange, reply: Required<Reply>): Promise<void> {
  const { content } = reply;
  if (content.kind === 'bytes') return sendBytes(exchange, { ...reply, content });
  const { status, headers } = reply;
  const text = content.kind === 'none' ? '' : content.text;
  const contentType = content.kind === 'text' ? content.contentType : JSON_TYPE;
  await sendText(exchange, { status, headers, contentType, text });
}

/** Sends an error in the shape of the real service. */
export async function sendError(exchange: Exchange, error: GlacierError, forms?: ErrorForms): Promise<void> {
  // Where a request is not clear, neither is where the next one begins.
  if (error.code === 'BadRequest') exchange.response.shouldKeepAlive = false;
  await sendText(exchange, {
    status: statusOf(error.code, forms),
    headers: [],
    contentType: JSON_TYPE,
    text: renderError(error, forms),
  });
}

async function sendText(
  exchange: Exchange,
  { status, headers, contentType, text }: { status: number; headers: HeaderList; contentType: string; text: string },
): Promise<void> {
  const { response, body } = exchange;
  // Whether the rest of the packet that brought the head completes the request shows only after it was looked through.
  if (!body.isComplete) await setImmediate();
  const content: HeaderList =
    text === ''
      ? []
      : [
          ['Content-Type', contentType],
          ['Content-Length', String(Buffer.byteLength(text))],
        ];
  if (body.isComplete) {
    writeHead(exchange, status, [...headers, ...content]);
    response.end(text);
    // Most answers have left at once.
    if (response.writableLength > 0) watchSending(response);
    return;
  }
  // After an answer in the middle of a body the connection cannot carry another request.
  response.shouldKeepAlive = false;
  watchSending(response);
  writeHead(exchange, status, [...headers, ...content]);
  response.write(text);
  await linger(exchange);
  response.end();
}

async function sendBytes(
  exchange: Exchange,
  { status, headers, content }: { status: number; headers: HeaderList; content: BytesContent },
): Promise<void> {
  const { response } = exchange;
  const leaving = new AbortController();
  const leave = () => leaving.abort(new ClientGoneError());
  response.once('close', leave);
  const pieces = content.read({ signal: leaving.signal, end: () => response.destroy() });
  try {
    // The first piece is read and verified before anything is said, so that damage found there becomes an error answer.
    let piece = await pieces.next();
    // Fewer or more bytes than announced are an error too, and cut the connection.
    response.strictContentLength = true;
    watchSending(response);
    writeHead(exchange, status, [
      ...headers,
      ['Content-Type', content.contentType],
      ['Content-Length', String(content.lengthBytes)],
    ]);
    for (; piece.done !== true; piece = await pieces.next()) await write(response, piece.value);
    response.end();
  } finally {
    response.off('close', leave);
    await pieces.return();
  }
}

/**
 * Resolves when the bytes have left this process, so that their buffer can be used again. Between the end of the socket
 * and that of the response Node forgets the callbacks of writes, so the end is watched too.
 */
async function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const gone = (cause?: unknown) => reject(new ClientGoneError(cause));
  response.once('close', gone);
  try {
    // Throws at once when there are more bytes than were announced; `gone` must not outlive that.
    response.write(bytes, (error) => (error ? gone(error) : resolve()));
    await promise;
  } finally {
    response.off('close', gone);
  }
}

/** Ends the connection of a client that does not take its answer. Node takes the time-out back when the answer is out. */
function watchSending(response: ServerResponse): void {
  response.setTimeout(limits.sendStallMs, () => response.destroy());
}

function writeHead({ response, requestId }: Exchange, status: number, headers: HeaderList): void {
  response.writeHead(status, [['x-amzn-RequestId', requestId], ...headers].flat());
}

/**
 * Keeps the connection for a while after an early answer: a client that is still sending would otherwise meet a reset
 * connection and never see why. Most clients must get rid of their body before they look for an answer, so it is read on;
 * strangers are done this favour for small bodies only, the others are left a moment to notice.
 */
async function linger({ response, body, authenticated }: Exchange): Promise<void> {
  if (response.destroyed) return;
  const smallEnough = (body.lengthBytes ?? Number.POSITIVE_INFINITY) <= limits.discardBytesMax;
  const read = body.isInvited && (authenticated || smallEnough);
  await body.settle({ read, timeoutMs: read ? limits.discardMsMax : limits.lingerMs });
}
