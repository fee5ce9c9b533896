import type { LookupAddress } from 'node:dns';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { limits } from '../model/limits.ts';

/**
 * Sends a POST to addresses that were checked, and resolves with the status of the answer. A redirect is an answer like any
 * other. What follows the head is read and dropped, up to a limit; then the connection is cut.
 */
export function post(
  url: URL,
  {
    headers,
    body,
    addresses,
    signal,
  }: { headers: Record<string, string>; body: string; addresses: readonly LookupAddress[]; signal: AbortSignal },
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const sent: ClientRequest = request(url, {
    method: 'POST',
    headers: { ...headers, 'Content-Length': Buffer.byteLength(body) },
    // A connection of its own: one that is kept could be used for another URL after its host was checked.
    agent: false,
    lookup: answerWith(addresses),
    maxHeaderSize: limits.headerBytesMax,
    signal,
  });
  let status: number | undefined;
  sent.on('response', (answer) => {
    status = answer.statusCode;
    drop(answer);
  });
  // The status has said it, however the rest of the answer ends.
  const end = (error: unknown) => (status === undefined ? reject(error) : resolve(status));
  sent.on('error', (error) => end(signal.aborted ? signal.reason : error));
  sent.on('close', () => end(new Error('the connection ended without an answer')));
  sent.end(body);
  return promise;
}

function drop(answer: IncomingMessage): void {
  let bytes = 0;
  answer.on('error', () => undefined);
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limits.deliveryReplyBytesMax) answer.destroy();
  });
}

/** Node asks it for the host's addresses when it connects. */
const answerWith =
  (addresses: readonly LookupAddress[]): LookupFunction =>
  (_hostName, options, answer) => {
    const [first] = addresses;
    if (options.all === true) answer(null, [...addresses]);
    else answer(null, first?.address ?? '', first?.family ?? 0);
  };
