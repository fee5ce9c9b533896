import { stat } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { GlacierError } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { ClientGoneError, RequestBody } from './body.ts';

const STALL_MS = 80;

/** A body whose bytes come when the test says so. */
function bodyOf({ length, awaitsInvitation = false }: { length?: number; awaitsInvitation?: boolean }) {
  const headers = length === undefined ? {} : { 'content-length': String(length) };
  const request = Object.assign(new Readable({ read() {} }), { headers, complete: false });
  const writeContinue = vi.fn();
  const body = new RequestBody({
    request: request as unknown as IncomingMessage,
    response: { writeContinue } as unknown as ServerResponse,
    awaitsInvitation,
    stallTimeoutMs: STALL_MS,
  });
  const end = () => {
    request.complete = true;
    request.push(null);
  };
  request.on('error', () => undefined);
  return { body, request, writeContinue, end };
}

/** Reads all of a body, with a pause after each chunk if there is to be one. */
async function read(body: RequestBody, pause: (chunk: string) => Promise<void> | undefined = () => undefined) {
  const chunks: string[] = [];
  const sink = (chunk: Buffer) => {
    chunks.push(String(chunk));
    return pause(String(chunk));
  };
  await body.flow({ sink, signal: new AbortController().signal });
  return chunks;
}

const error = (code: string) => expect.objectContaining({ code });
const listeners = (request: Readable) => request.eventNames().map((name) => [name, request.listenerCount(name)]);

describe('flow', () => {
  test('gives the bytes as they come, and leaves no listeners', async () => {
    const { body, request, end } = bodyOf({ length: 4 });
    const before = listeners(request);
    setTimeout(() => request.push('ab'), 5);
    setTimeout(() => request.push('cd'), 10);
    setTimeout(end, 15);
    expect(await read(body)).toEqual(['ab', 'cd']);
    expect(body.isComplete).toBe(true);
    expect(listeners(request)).toEqual(before);
  });

  test('is over at once when the length is 0', async () => {
    const { body } = bodyOf({ length: 0 });
    expect((await body.whole()).length).toBe(0);
  });

  test('of nothing invites nobody', async () => {
    for (const length of [{ length: 0 }, {}]) {
      const { body, end, writeContinue } = bodyOf({ ...length, awaitsInvitation: true });
      expect(body.isInvited).toBe(true);
      end();
      expect((await body.whole()).length).toBe(0);
      expect(writeContinue).not.toHaveBeenCalled();
    }
  });

  test('invites the client when it is first read, once', async () => {
    const { body, request, end, writeContinue } = bodyOf({ length: 1, awaitsInvitation: true });
    expect(body.isInvited).toBe(false);
    const whole = body.whole();
    request.push('a');
    end();
    expect(String(await whole)).toBe('a');
    expect(String(await body.whole())).toBe('a');
    expect(body.isInvited).toBe(true);
    expect(writeContinue).toHaveBeenCalledTimes(1);
  });

  test('ends in RequestTimeoutException when the client stands still', async () => {
    const { body, request } = bodyOf({ length: 4 });
    request.push('ab');
    await expect(body.whole()).rejects.toThrow(error('RequestTimeoutException'));
  });

  test('or as good as still', async () => {
    const { body, request } = bodyOf({ length: 1000 });
    const drip = setInterval(() => request.push('a'), STALL_MS / 2);
    await expect(body.whole()).rejects.toThrow(error('RequestTimeoutException'));
    clearInterval(drip);
  });

  test('takes as long as it likes while enough comes', async () => {
    const { body, request, end } = bodyOf({ length: 1000 });
    const startedAtMs = performance.now();
    const flow = setInterval(() => request.push(Buffer.alloc(limits.bodyRateBytesPerSecondMin)), STALL_MS / 4);
    setTimeout(() => {
      clearInterval(flow);
      end();
    }, STALL_MS * 4);
    await body.whole();
    expect(performance.now() - startedAtMs).toBeGreaterThan(STALL_MS * 3);
  });

  test('is not blamed for a server that was busy', async () => {
    const { body, request, end } = bodyOf({ length: 1 });
    const whole = body.whole();
    await sleep(1);
    // Like bytes from the network, the answer of the file system is there when the busy time is over, but found only then.
    setImmediate(() => {
      stat(import.meta.filename, () => {
        request.push('a');
        end();
      });
      for (const startedAtMs = performance.now(); performance.now() - startedAtMs < STALL_MS * 1.5; );
    });
    expect(String(await whole)).toBe('a');
  });

  test('does not count the time the reader takes', async () => {
    const { body, request, end } = bodyOf({ length: 2 });
    request.push('a');
    await read(body, async (chunk) => {
      await sleep(STALL_MS * 1.5);
      if (chunk === 'a') request.push('b');
      else end();
    });
  });

  test('holds the client back while the reader asks to wait', async () => {
    const { body, request, end } = bodyOf({ length: 1_000_000 });
    let resting = 0;
    const reading = read(body, async () => {
      resting += 1;
      await sleep(5);
      resting -= 1;
    });
    await sleep(1);
    for (let chunk = 0; chunk < 10; chunk += 1) request.push(Buffer.alloc(100_000));
    expect(request.push(Buffer.alloc(1))).toBe(false);
    end();
    await reading;
    expect(resting).toBe(0);
  });

  test('ends with what the reader throws, or its signal says, and leaves the rest where it is', async () => {
    const throwing = bodyOf({ length: 4 });
    const never = new AbortController().signal;
    const sink = () => {
      throw new Error('not these bytes');
    };
    const reading = throwing.body.flow({ sink, signal: never });
    throwing.request.push('ab');
    await expect(reading).rejects.toThrow('not these bytes');
    const { body, request } = bodyOf({ length: 4 });
    const before = listeners(request);
    const ending = new AbortController();
    const waiting = Promise.withResolvers<void>();
    const ended = body.flow({ sink: () => waiting.promise, signal: ending.signal });
    request.push('a');
    await sleep(1);
    ending.abort(new Error('nobody waits'));
    await expect(ended).rejects.toThrow('nobody waits');
    request.push('b');
    waiting.resolve();
    await sleep(1);
    expect(request.readableLength).toBe(1);
    expect(listeners(request)).toEqual(before);
  });

  test.each([
    ['destroyed', (request: Readable) => request.destroy()],
    ['destroyed with an error', (request: Readable) => request.destroy(new Error('aborted'))],
  ])('tells that the client is gone when the request is %s', async (_, leave) => {
    const { body, request } = bodyOf({ length: 4 });
    setTimeout(() => leave(request), 5);
    await expect(body.whole()).rejects.toThrow(ClientGoneError);
    const late = bodyOf({ length: 4 });
    leave(late.request);
    await sleep(1);
    await expect(late.body.whole()).rejects.toThrow(ClientGoneError);
  });

  test('gives what came before it fails with what it was told', async () => {
    const { body, request } = bodyOf({ length: 4 });
    request.push('ab');
    const chunks: string[] = [];
    const reading = read(body, (chunk) => void chunks.push(chunk));
    await sleep(5);
    body.fail(new GlacierError('BadRequest', 'it broke'));
    await expect(reading).rejects.toThrow('it broke');
    expect(chunks).toEqual(['ab']);
  });
});

describe('whole', () => {
  test('reads nothing of a body that is announced too long', async () => {
    const { body, writeContinue } = bodyOf({ length: limits.wholeBodyBytesMax + 1, awaitsInvitation: true });
    await expect(body.whole()).rejects.toThrow('Invalid Content-Length: 1048577');
    expect(writeContinue).not.toHaveBeenCalled();
  });

  test('gives up on one that turns out too long', async () => {
    const { body, request } = bodyOf({});
    expect(body.lengthBytes).toBeUndefined();
    setTimeout(() => request.push(Buffer.alloc(limits.wholeBodyBytesMax)), 1);
    setTimeout(() => request.push(Buffer.alloc(1)), 2);
    await expect(body.whole()).rejects.toThrow(error('InvalidParameterValueException'));
  });
});

describe('settle', () => {
  const tookMs = async (settling: Promise<void>): Promise<number> => {
    const startedAtMs = performance.now();
    await settling;
    return performance.now() - startedAtMs;
  };

  test('reads on to the end, also after somebody read a part', async () => {
    const { body, request, end } = bodyOf({ length: 1_000_000 });
    request.push('ab');
    const enough = new AbortController();
    const sink = () => void enough.abort(new Error('enough')) as undefined;
    await expect(body.flow({ sink, signal: enough.signal })).rejects.toThrow('enough');
    request.destroyed || request.push(Buffer.alloc(100_000));
    setTimeout(end, 10);
    expect(await tookMs(body.settle({ read: true, timeoutMs: 2000 }))).toBeLessThan(1000);
    expect(request.readableLength).toBe(0);
  });

  test('waits no longer than it should, and leaves the bytes where they are', async () => {
    const { body, request } = bodyOf({ length: 1_000_000 });
    request.push('ab');
    const took = await tookMs(body.settle({ read: false, timeoutMs: 50 }));
    expect(took).toBeGreaterThan(40);
    expect(took).toBeLessThan(1000);
    expect(request.readableLength).toBe(2);
  });

  test.each([
    ['the client goes', ({ request }: ReturnType<typeof bodyOf>) => request.destroy()],
    ['the body breaks', ({ body }: ReturnType<typeof bodyOf>) => body.fail(new Error('broken'))],
  ])('ends when %s, before or after', async (_, happen) => {
    const before = bodyOf({ length: 4 });
    happen(before);
    expect(await tookMs(before.body.settle({ read: true, timeoutMs: 2000 }))).toBeLessThan(1000);
    const after = bodyOf({ length: 4 });
    setTimeout(() => happen(after), 5);
    expect(await tookMs(after.body.settle({ read: true, timeoutMs: 2000 }))).toBeLessThan(1000);
  });
});

test('a body may be held to a length of its own, with an error of its own', async () => {
  const tooLong = () => new GlacierError('BadRequest', 'too long');
  const announced = bodyOf({ length: 11 });
  await expect(announced.body.whole({ bytesMax: 10, tooLong })).rejects.toThrow('too long');
  const { body, request } = bodyOf({});
  const whole = body.whole({ bytesMax: 10, tooLong });
  request.push(Buffer.alloc(11));
  await expect(whole).rejects.toThrow('too long');
});
