import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { GlacierError } from '../model/errors.ts';
import { ClientGoneError, RequestBody } from './body.ts';
import { errorForms } from './errors.ts';
import type { Reply } from './reply.ts';
import { type Exchange, sendError, sendReply } from './respond.ts';

let server: Server;
afterEach(() => server.close());

/** Answers one request with `answer` and returns what came over the wire, and what became of the answering. */
async function wire(answer: (exchange: Exchange) => Promise<void>, head = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n') {
  const outcome = Promise.withResolvers<unknown>();
  server = createServer((request, response) => {
    const body = new RequestBody({ request, response, awaitsInvitation: false, stallTimeoutMs: 100 });
    const exchange = { requestId: 'id', response, body, authenticated: true };
    const answered = Promise.resolve(exchange)
      .then(answer)
      .catch((error: unknown) => {
        response.destroy();
        return error;
      });
    outcome.resolve(answered);
  });
  server.listen(0);
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.write(head);
  const answered = await outcome.promise;
  await new Promise((resolve) => setTimeout(resolve, 20));
  const closed = socket.readableEnded || socket.destroyed;
  socket.destroy();
  return { text: text.replace(/Date: .*\r\n/, 'Date: <date>\r\n'), answered, closed };
}

async function* piecesOf(...texts: (string | Error)[]): AsyncGenerator<Buffer, void, void> {
  for (const text of texts) {
    if (text instanceof Error) throw text;
    yield Buffer.from(text);
  }
}

function bytesReply(lengthBytes: number, ...texts: (string | Error)[]): Required<Reply> {
  const read = () => piecesOf(...texts);
  return {
    status: 206,
    headers: [['Content-Range', 'x']],
    content: { kind: 'bytes', contentType: 't', lengthBytes, read },
  };
}

describe('sendReply', () => {
  test('puts the id first, then the headers as given, then type and length', async () => {
    const content = { kind: 'json', text: '{"a":"\u00e9"}' } as const;
    const { text } = await wire((exchange) =>
      sendReply(exchange, {
        status: 201,
        headers: [
          ['b', '1'],
          ['a', '2'],
        ],
        content,
      }),
    );
    expect(text).toBe(
      'HTTP/1.1 201 Created\r\nx-amzn-RequestId: id\r\nb: 1\r\na: 2\r\nContent-Type: application/json\r\n' +
        'Content-Length: 10\r\nDate: <date>\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n{"a":"\u00e9"}',
    );
  });

  test('sends nothing but the head of 204', async () => {
    const { text } = await wire((exchange) =>
      sendReply(exchange, { status: 204, headers: [], content: { kind: 'none' } }),
    );
    expect(text).toMatch(
      /^HTTP\/1\.1 204 No Content\r\nx-amzn-RequestId: id\r\nDate: <date>\r\nConnection: keep-alive\r\n.*\r\n\r\n$/,
    );
    expect(text).not.toMatch(/content-|transfer-/i);
  });

  test('streams bytes', async () => {
    const { text, closed } = await wire((exchange) => sendReply(exchange, bytesReply(6, 'abc', 'def')));
    expect(text).toContain('Content-Range: x\r\nContent-Type: t\r\nContent-Length: 6\r\n');
    expect(text.endsWith('\r\n\r\nabcdef')).toBe(true);
    expect(closed).toBe(false);
  });

  test('says nothing before the first piece is there', async () => {
    const { text, answered } = await wire((exchange) => sendReply(exchange, bytesReply(6, new Error('damaged'))));
    expect(answered).toEqual(new Error('damaged'));
    expect(text).toBe('');
  });

  test.each([
    ['fails', bytesReply(6, 'abc', new Error('damaged'))],
    ['ends too early', bytesReply(6, 'abc')],
    ['does not end', bytesReply(6, 'abc', 'defg')],
  ])('is never a whole answer when the source %s', async (_, reply) => {
    const { text, answered, closed } = await wire((exchange) => sendReply(exchange, reply));
    expect(answered).toBeInstanceOf(Error);
    expect(text.endsWith('\r\n\r\nabc')).toBe(true);
    expect(closed).toBe(true);
  });

  test('lets go of the source when the connection ends in the very moment of a write', async () => {
    const { answered } = await wire((exchange) => {
      const read = async function* () {
        yield Buffer.from('abc');
        exchange.response.socket?.destroy();
        yield Buffer.from('def');
      };
      const content = { kind: 'bytes', contentType: 't', lengthBytes: 9, read } as const;
      return sendReply(exchange, { status: 200, headers: [], content });
    });
    expect(answered).toBeInstanceOf(ClientGoneError);
  });

  test('lets go of the source when the client goes', async () => {
    let released = false;
    const endless = async function* () {
      try {
        for (;;) yield Buffer.alloc(1 << 20);
      } finally {
        released = true;
      }
    };
    const { answered } = await wire((exchange) => {
      setTimeout(() => exchange.response.destroy(), 20);
      const content = { kind: 'bytes', contentType: 't', lengthBytes: 2 ** 40, read: endless } as const;
      return sendReply(exchange, { status: 200, headers: [], content });
    });
    expect(answered).toBeInstanceOf(ClientGoneError);
    expect(released).toBe(true);
  });
});

describe('sendError', () => {
  test('in the middle of a body tells that the connection ends', async () => {
    const error = new GlacierError('ThrottlingException', 'Rate exceeded');
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n';
    const answer = wire((exchange) => sendError(exchange, error), `${head}abc`);
    expect((await answer).text).toContain('\r\nConnection: keep-alive\r\n');
    const early = await wire(async (exchange) => {
      setTimeout(() => exchange.body.fail(new Error('over')), 10);
      await sendError(exchange, error);
    }, head);
    expect(early.closed).toBe(true);
    expect(early.text).toContain('\r\nContent-Length: 72\r\nDate: <date>\r\nConnection: close\r\n\r\n');
    expect(early.text.endsWith('{"message":"Rate exceeded","code":"ThrottlingException","type":"Client"}')).toBe(true);
  });

  test('tells want of capacity with 503, or as the operator has it', async () => {
    const error = new GlacierError('InsufficientCapacityException', 'full');
    const told = async (status: 400 | 503) => {
      const forms = errorForms({ insufficientCapacityStatus: status });
      return (await wire((exchange) => sendError(exchange, error, forms))).text;
    };
    const body = (type: string) => `{"code":"InsufficientCapacityException","message":"full","type":"${type}"}`;
    expect(await told(503)).toMatch(/^HTTP\/1\.1 503 /);
    expect((await told(503)).endsWith(body('Server'))).toBe(true);
    expect(await told(400)).toMatch(/^HTTP\/1\.1 400 /);
    expect((await told(400)).endsWith(body('Client'))).toBe(true);
  });

  test('after a request that is not clear the connection ends too', async () => {
    const { text, closed } = await wire((exchange) => sendError(exchange, new GlacierError('BadRequest', 'unclear')));
    expect(text).toContain('\r\nConnection: close\r\n');
    expect(closed).toBe(true);
  });
});
