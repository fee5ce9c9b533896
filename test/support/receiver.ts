import { createServer as createHttpServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestTls } from './tls.ts';

/** A request that a receiver got, whole. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  atMs: number;
}

export type Answer = (received: Received, response: Parameters<RequestListener>[1]) => void;

/** A web server of a test that keeps what it is sent. */
export interface Receiver extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  /** What is said to each request; 200 and nothing more at first. */
  answer: Answer;
}

export const answerWith =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (_received, response) =>
    void response.writeHead(status, headers).end();

/** Says nothing, ever. */
export const hang: Answer = () => undefined;

/** Starts a receiver on 127.0.0.1: with TLS if there is a certificate, on any free port unless one is named. */
export async function startReceiver({ tls, port = 0 }: { tls?: TestTls; port?: number } = {}): Promise<Receiver> {
  const received: Received[] = [];
  const accept: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const { method = '', url: path = '', headers } = request;
    const whole = { method, path, headers, body: Buffer.concat(chunks).toString(), atMs: Date.now() };
    received.push(whole);
    receiver.answer(whole, response);
  };
  const server = tls === undefined ? createHttpServer(accept) : createHttpsServer(tls, accept);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const { port: realPort } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${realPort}`,
    port: realPort,
    received,
    answer: answerWith(200),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
