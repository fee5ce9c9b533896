import type { ServerResponse } from 'node:http';
import type { GlacierError } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { RequestBody } from './body.ts';
import { renderError, statusOf } from './errors.ts';
import type { HeaderList, Reply } from './reply.ts';

/** What is needed to answer one request. */
export interface Exchange {
  requestId: string;
  response: ServerResponse;
  body: RequestBody;
  /** Whether the request was authenticated, which decides how much of an unwanted body is read to be polite. */
  authenticated: boolean;
}

/** Sends what an operation answered. Throws when the bytes of a download fail before the head is out. */
export async function sendReply(exchange: Exchange, reply: Required<Reply>): Promise<void> {
  const { content } = reply;
  if (content.kind === 'bytes') return sendBytes(exchange, { ...reply, content });
  const text = content.kind === 'json' ? content.text : '';
  await sendText(exchange, { status: reply.status, headers: reply.headers, text });
}

/** Sends an error in the shape of the real service. */
export async function sendError(exchange: Exchange, error: GlacierError): Promise<void> {
  await sendText(exchange, { status: statusOf(error.code), headers: [], text: renderError(error) });
}

async function sendText(
  exchange: Exchange,
  { status, headers, text }: { status: number; headers: HeaderList; text: string },
): Promise<void> {
  const { response, body } = exchange;
  const content: HeaderList =
    text === ''
      ? []
      : [
          ['Content-Type', 'application/json'],
          ['Content-Length', String(Buffer.byteLength(text))],
        ];
  // After an answer in the middle of a body the connection cannot carry another request.
  const closing: HeaderList = body.isComplete ? [] : [['Connection', 'close']];
  writeHead(exchange, status, [...headers, ...content, ...closing]);
  if (!body.isComplete) {
    response.write(text);
    await discard(exchange);
    response.end();
  } else {
    response.end(text);
  }
}

async function sendBytes(
  exchange: Exchange,
  {
    status,
    headers,
    content,
  }: { status: number; headers: HeaderList; content: Extract<Reply['content'], { kind: 'bytes' }> },
): Promise<void> {
  const { response } = exchange;
  const pieces = content.read();
  try {
    // The first piece is read and verified before anything is said, so that damage found there becomes an error answer.
    let piece = await pieces.next();
    writeHead(exchange, status, [
      ...headers,
      ['Content-Type', content.contentType],
      ['Content-Length', String(content.lengthBytes)],
    ]);
    response.setTimeout(limits.sendStallMs, () => response.destroy());
    for (; piece.done !== true; piece = await pieces.next()) await write(response, piece.value);
    response.setTimeout(0);
    response.end();
  } finally {
    await pieces.return();
  }
}

/** Resolves when the bytes have left this process, so that their buffer can be used again. */
function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

function writeHead({ response, requestId }: Exchange, status: number, headers: HeaderList): void {
  response.writeHead(status, [['x-amzn-RequestId', requestId], ...headers].flat());
}

/**
 * Reads on for a while after an early answer: a client that is still sending would otherwise meet a reset connection
 * and never see why. Strangers get this for small bodies only.
 */
async function discard({ response, body, authenticated }: Exchange): Promise<void> {
  const smallEnough = (body.lengthBytes ?? Number.POSITIVE_INFINITY) <= limits.discardBytesMax;
  if (!body.isInvited || response.destroyed || !(authenticated || smallEnough)) return;
  const { req: request } = response;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limits.discardMsMax);
  request
    .once('end', resolve)
    .once('close', resolve)
    .once('error', () => resolve());
  request.resume();
  await promise;
  clearTimeout(timer);
}
