import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { delivery, subscriptionTo } from '../../test/support/deliveries.ts';
import { answerWith, hang, type Receiver, startReceiver } from '../../test/support/receiver.ts';
import { testTls } from '../../test/support/tls.ts';
import { systemClock } from '../model/clock.ts';
import { limits } from '../model/limits.ts';
import { addressRules } from './addresses.ts';
import { linksBelow } from './links.ts';
import { signingKeyIn } from './signing-key.ts';
import { webhookNotifier } from './webhook.ts';
import { checkedAddresses, type Lookup, parseWebhookUrl } from './webhook-url.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-webhook-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver[Symbol.asyncDispose]());

const loopback: Lookup = async () => [{ address: '127.0.0.1', family: 4 }];
const never = new AbortController().signal;

function notifier({ networks = ['127.0.0.0/8'], lookup = loopback }: { networks?: string[]; lookup?: Lookup } = {}) {
  const { findOrMake: signingKey } = signingKeyIn({ path: join(directory, 'key.pem'), clock: systemClock });
  const links = linksBelow('http://127.0.0.1:7400');
  return webhookNotifier({ signingKey, links, rules: addressRules(networks), lookup, clock: systemClock });
}

const deliverTo = (url: string, options: Parameters<typeof notifier>[0] & { signal?: AbortSignal } = {}) =>
  notifier(options).deliver(delivery({ subscription: subscriptionTo(url) }), options.signal ?? never);

describe('a webhook', () => {
  test('gets a POST, and has taken it when it says 2xx', async () => {
    for (const status of [200, 202, 204, 299]) {
      receiver.answer = answerWith(status);
      await deliverTo(`${receiver.url}/hook?secret=1`);
    }
    expect(receiver.received).toHaveLength(4);
    const [{ method, path, headers, body } = { method: '', path: '', headers: {}, body: '' }] = receiver.received;
    expect([method, path]).toEqual(['POST', '/hook?secret=1']);
    expect(headers).toMatchObject({
      host: new URL(receiver.url).host,
      'content-type': 'text/plain; charset=UTF-8',
      'x-amz-sns-message-type': 'Notification',
      'content-length': `${Buffer.byteLength(body)}`,
      connection: 'close',
    });
    expect(JSON.parse(body).Message).toBe(delivery().message);
  });

  test.each([301, 302, 303, 307, 308, 400, 404, 500, 503])('F-31 has not taken it when it says %i', async (status) => {
    const internal = await startReceiver();
    receiver.answer = answerWith(status, { Location: `${internal.url}/internal` });
    await expect(deliverTo(receiver.url)).rejects.toThrow(`the receiver answered ${status}`);
    expect(receiver.received).toHaveLength(1);
    expect(internal.received).toEqual([]);
    await internal[Symbol.asyncDispose]();
  });

  test('F-31 that says nothing is given up when the time is over', async () => {
    receiver.answer = hang;
    const signal = AbortSignal.timeout(100);
    await expect(deliverTo(receiver.url, { signal })).rejects.toBe(await aborted(signal));
    await expect(deliverTo(receiver.url, { signal })).rejects.toBe(signal.reason);
  });

  test('F-31 that dribbles its head is given up too', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('x: y\r\n'), 10);
      socket.on('close', () => clearInterval(timer));
    });
    const port = await listen(server);
    await expect(deliverTo(`http://127.0.0.1:${port}`, { signal: AbortSignal.timeout(200) })).rejects.toThrow(
      'timeout',
    );
    server.close();
  });

  test('F-31 that sends a head without end, or no HTTP, has not taken it', async () => {
    const texts = [`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(2 * limits.headerBytesMax)}\r\n\r\n`, 'SSH-2.0-x\r\n', ''];
    for (const text of texts) {
      const server = createServer((socket) => void socket.on('error', () => undefined).end(text));
      const port = await listen(server);
      await expect(deliverTo(`http://127.0.0.1:${port}`)).rejects.toThrow();
      server.close();
    }
  });

  test('F-31 that says 2xx and goes on without end is cut off, and has taken it', async () => {
    let sentBytes = 0;
    const closed = Promise.withResolvers<void>();
    receiver.answer = (_received, response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(limits.deliveryReplyBytesMax);
      const more = () => {
        while (!response.destroyed && response.write(chunk)) sentBytes += chunk.length;
      };
      response.on('drain', more).on('close', closed.resolve);
      more();
    };
    await deliverTo(receiver.url);
    await closed.promise;
    expect(sentBytes).toBeLessThan(64 * limits.deliveryReplyBytesMax);
  });

  test('F-31 that says 2xx and dribbles the rest has taken it when the time is over', async () => {
    receiver.answer = (_received, response) => void response.writeHead(200).write('x');
    const startedAt = performance.now();
    await deliverTo(receiver.url, { signal: AbortSignal.timeout(100) });
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  test('is known by its certificate', async () => {
    await using secret = await startReceiver({ tls: await testTls() });
    await expect(deliverTo(secret.url)).rejects.toThrow(/certificate/);
    expect(secret.received).toEqual([]);
  });

  test('S-70 in a network that is not allowed any more is left alone', async () => {
    const refusal = 'it leads to 127.0.0.1, which is in no network of --webhook-networks';
    await expect(deliverTo(receiver.url.replace('http', 'https'), { networks: [] })).rejects.toThrow(refusal);
    expect(receiver.received).toEqual([]);
  });

  test('S-71 whose name leads inwards only at the delivery is left alone', async () => {
    const answers = ['1.1.1.1', '127.0.0.1'];
    const lookup: Lookup = async () => [{ address: answers.shift() ?? '', family: 4 }];
    const url = `https://receiver.example:${receiver.port}/`;
    await checkedAddresses(parseWebhookUrl(url), { rules: addressRules([]), lookup });
    await expect(deliverTo(url, { networks: [], lookup })).rejects.toThrow('leads to 127.0.0.1');
    expect(receiver.received).toEqual([]);
  });

  test('S-71 is reached at the address that was checked, whatever its name stands for by then', async () => {
    const answers = ['127.0.0.1', '1.1.1.1'];
    const lookup: Lookup = async () => [{ address: answers.shift() ?? '', family: 4 }];
    await deliverTo(`http://receiver.example:${receiver.port}/`, { lookup });
    expect(receiver.received[0]?.headers.host).toBe(`receiver.example:${receiver.port}`);
    expect(answers).toEqual(['1.1.1.1']);
  });

  test('whose look-up hangs is given up when the time is over', async () => {
    const lookup: Lookup = () => new Promise(() => undefined);
    const signal = AbortSignal.timeout(50);
    await expect(deliverTo('https://receiver.example/', { lookup, signal })).rejects.toThrow('timeout');
    await expect(deliverTo('https://receiver.example/', { lookup, signal })).rejects.toThrow('timeout');
  });

  test('that nobody listens for has not taken it', async () => {
    await using gone = await startReceiver();
    const { url } = gone;
    await gone[Symbol.asyncDispose]();
    await expect(deliverTo(url)).rejects.toThrow('ECONNREFUSED');
  });
});

const listen = async (server: ReturnType<typeof createServer>): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

const aborted = async (signal: AbortSignal): Promise<unknown> => {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  return signal.reason;
};
