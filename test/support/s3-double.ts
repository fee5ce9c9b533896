import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerS3 } from './s3-double-operations.ts';
import { refusalOfSignature } from './s3-double-signature.ts';
import type { S3Answer, S3Contents, S3Credentials, S3Request } from './s3-double-words.ts';

/** Breaks a request instead of answering it: undefined lets it pass. */
export type S3Fault = (request: S3Request) => S3Answer | 'hang' | 'reset' | undefined;

/** S3 in the process of the test, as far as the sink needs it: it checks the signature of every request and keeps them all. */
export interface S3Double extends S3Contents, AsyncDisposable {
  readonly url: string;
  readonly requests: S3Request[];
  fault: S3Fault;
  /** The most bodies of parts that came at the same time. */
  partsAtOnce: number;
}

const NO_FAULT: S3Fault = () => undefined;

export async function startS3Double(credentials: S3Credentials): Promise<S3Double> {
  let partsNow = 0;
  const accept = async (incoming: IncomingMessage, response: ServerResponse) => {
    const isPart = incoming.method === 'PUT' && (incoming.url ?? '').includes('partNumber=');
    if (isPart) partsNow += 1;
    double.partsAtOnce = Math.max(double.partsAtOnce, partsNow);
    const request = await received(incoming).finally(() => {
      if (isPart) partsNow -= 1;
    });
    double.requests.push(request);
    const faulty = double.fault(request);
    if (faulty === 'hang') return;
    if (faulty === 'reset') return void incoming.socket.destroy();
    const answer = faulty ?? (await refusalOfSignature(request, credentials)) ?? answerS3(double, request);
    response.writeHead(answer.status, { 'x-amz-request-id': 'double', ...answer.headers }).end(answer.body);
  };
  const server = createServer((incoming, response) => {
    accept(incoming, response).catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const double: S3Double = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    buckets: new Map(),
    uploads: new Map(),
    pageEntriesMax: 1000,
    partBytesMin: 5 * 1024 * 1024,
    fault: NO_FAULT,
    partsAtOnce: 0,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return double;
}

async function received(incoming: IncomingMessage): Promise<S3Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = '', url = '', headers } = incoming;
  const [path = '', query = ''] = url.split('?', 2);
  return { method, path, query: new URLSearchParams(query), headers, body: Buffer.concat(chunks) };
}
