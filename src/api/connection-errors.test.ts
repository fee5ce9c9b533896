import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../model/limits.ts';
import { rawAnswer, refuseConnection } from './connection-errors.ts';
import type { Exchange } from './respond.ts';

class FakeSocket extends EventEmitter {
  writable = true;
  destroyed = false;
  sent = '';
  end(bytes: string): void {
    this.writable = false;
    this.sent += bytes;
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

const errno = (code: string) => Object.assign(new Error(code), { code });
const refuse = (socket: FakeSocket, code: string, exchange?: unknown) =>
  refuseConnection(errno(code), { socket: socket as unknown as Socket, exchange: exchange as Exchange | undefined });
function exchangeOf({ closed = false, isComplete = true }) {
  const response = Object.assign(new EventEmitter(), { closed, shouldKeepAlive: true });
  return { response, body: { isComplete, fail: vi.fn() } };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('bytes that are not HTTP', () => {
  test('are answered once, and the connection ends whatever else comes', () => {
    const socket = new FakeSocket();
    refuse(socket, 'HPE_INVALID_METHOD');
    const { sent } = socket;
    refuse(socket, 'HPE_INVALID_METHOD');
    expect(socket.sent).toBe(sent);
    expect(sent).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nx-amzn-RequestId: [\w-]{47}\r\n/);
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(limits.lingerMs);
    expect(socket.destroyed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('leave no timer when the client goes by itself', () => {
    const socket = new FakeSocket();
    refuse(socket, 'HPE_INVALID_METHOD');
    socket.destroy();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('after an answered request are answered', () => {
    const socket = new FakeSocket();
    refuse(socket, 'HPE_INVALID_METHOD', exchangeOf({ closed: true }));
    expect(socket.sent).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('after a whole request wait for its answer, however often they come', () => {
    const socket = new FakeSocket();
    const exchange = exchangeOf({});
    refuse(socket, 'HPE_INVALID_METHOD', exchange);
    refuse(socket, 'HPE_INVALID_METHOD', exchange);
    expect(exchange.response.shouldKeepAlive).toBe(false);
    expect(exchange.response.listenerCount('close')).toBe(1);
    expect([socket.sent, socket.writable]).toEqual(['', true]);
    exchange.response.emit('close');
    expect([socket.sent, socket.writable]).toEqual(['', false]);
    expect(exchange.body.fail).not.toHaveBeenCalled();
  });

  test('in the middle of a body break it', () => {
    const socket = new FakeSocket();
    const exchange = exchangeOf({ isComplete: false });
    refuse(socket, 'HPE_INVALID_EOF_STATE', exchange);
    expect(exchange.body.fail).toHaveBeenCalledWith(
      expect.objectContaining({ code: 'BadRequest', message: 'The request ended before it was complete.' }),
    );
    expect(socket.sent).toBe('');
  });
});

test('a connection that is gone is let go', () => {
  for (const exchange of [undefined, exchangeOf({}), exchangeOf({ isComplete: false })]) {
    const socket = new FakeSocket();
    refuse(socket, 'ECONNRESET', exchange);
    expect([socket.destroyed, socket.sent]).toEqual([true, '']);
    expect(exchange?.body.fail.mock.calls ?? []).toEqual([]);
  }
});

test.each([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large', 'BadRequest'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout', 'RequestTimeoutException'],
  ['HPE_INVALID_CONSTANT', '400 Bad Request', 'BadRequest'],
  [undefined, '400 Bad Request', 'BadRequest'],
])('%s is answered %s', (code, status, errorCode) => {
  const [head = '', body = ''] = rawAnswer(code).split('\r\n\r\n');
  expect(head.replace(/: .*/g, ':').split('\r\n')).toEqual([
    `HTTP/1.1 ${status}`,
    'x-amzn-RequestId:',
    'Content-Type:',
    'Content-Length:',
    'Date:',
    'Connection:',
  ]);
  expect(head).toContain(`Content-Length: ${body.length}\r\n`);
  expect(JSON.parse(body).code).toBe(errorCode);
});
