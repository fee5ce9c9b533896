import type { Socket } from 'node:net';
import { GlacierError } from '../model/errors.ts';
import { newRequestId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { renderError } from './errors.ts';
import type { Exchange } from './respond.ts';

/**
 * What to do when the bytes of a connection are not HTTP, or ask for a tunnel. If they come in the middle of a request's body, that request is
 * answered with an error; if they come after a whole request, that one still gets its own answer, for it may have been
 * carried out; otherwise the connection is told what is wrong. In every case it ends.
 */
export function refuseConnection(
  error: NodeJS.ErrnoException,
  { socket, exchange }: { socket: Socket; exchange: Exchange | undefined },
): void {
  if (socket.destroyed || error.code === 'ECONNRESET') socket.destroy();
  else if (exchange === undefined || exchange.response.closed) endConnection(socket, rawAnswer(error.code));
  else if (!exchange.body.isComplete) exchange.body.fail(new GlacierError('BadRequest', describe(error.code).message));
  else if (exchange.response.shouldKeepAlive) {
    exchange.response.shouldKeepAlive = false;
    // The head may be out already, with the promise to keep the connection.
    exchange.response.once('close', () => endConnection(socket));
  }
}

/** Sends the last bytes of a connection and gives the client a moment to take them; what it still sends is ignored. */
export function endConnection(socket: Socket, lastBytes = ''): void {
  // Every piece of a request that is not HTTP is reported anew.
  if (!socket.writable) return;
  socket.end(lastBytes);
  const cut = setTimeout(() => socket.destroy(), limits.lingerMs);
  socket.once('close', () => clearTimeout(cut));
}

/** An answer to something that is no request. `code` is that of Node's parser. */
export function rawAnswer(code: string | undefined): string {
  const { status, errorCode, message } = describe(code);
  const body = renderError({ code: errorCode, message });
  return [
    `HTTP/1.1 ${status}`,
    `x-amzn-RequestId: ${newRequestId()}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    `Date: ${new Date().toUTCString()}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

function describe(code: string | undefined) {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return answer('431 Request Header Fields Too Large', 'BadRequest', 'The request headers are too long.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return answer('408 Request Timeout', 'RequestTimeoutException', 'Request timed out.');
    case 'HPE_INVALID_EOF_STATE':
      return answer('400 Bad Request', 'BadRequest', 'The request ended before it was complete.');
    default:
      return answer('400 Bad Request', 'BadRequest', 'The request is not well-formed HTTP.');
  }
}

const answer = (status: string, errorCode: 'BadRequest' | 'RequestTimeoutException', message: string) => ({
  status,
  errorCode,
  message,
});
