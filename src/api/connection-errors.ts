import type { Socket } from 'node:net';
import { GlacierError } from '../model/errors.ts';
import { newRequestId } from '../model/ids.ts';
import { renderError } from './errors.ts';
import type { Exchange } from './respond.ts';

/**
 * What to do when the bytes of a connection are not HTTP. If they come in the middle of a request's body, that request is
 * answered with an error; if they come after a whole request, that one still gets its own answer, for it may have been
 * carried out; otherwise the connection is told what is wrong. In every case it ends.
 */
export function refuseConnection(
  error: NodeJS.ErrnoException,
  { socket, exchange }: { socket: Socket; exchange: Exchange | undefined },
): void {
  if (exchange !== undefined && !exchange.response.writableEnded && error.code !== 'ECONNRESET') {
    if (exchange.body.isComplete) exchange.response.shouldKeepAlive = false;
    else exchange.body.fail(new GlacierError('BadRequest', 'The request body ended before its Content-Length.'));
    return;
  }
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(rawAnswer(error.code));
}

function rawAnswer(code: string | undefined): string {
  const { status, body } = describe(code);
  return [
    `HTTP/1.1 ${status}`,
    `x-amzn-RequestId: ${newRequestId()}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

function describe(code: string | undefined): { status: string; body: string } {
  if (code === 'HPE_HEADER_OVERFLOW') {
    const message = 'The request headers are too long.';
    return { status: '431 Request Header Fields Too Large', body: renderError({ code: 'BadRequest', message }) };
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const timedOut = { code: 'RequestTimeoutException', message: 'Request timed out.' } as const;
    return { status: '408 Request Timeout', body: renderError(timedOut) };
  }
  const message = 'The request is not well-formed HTTP.';
  return { status: '400 Bad Request', body: renderError({ code: 'BadRequest', message }) };
}
