import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testLog } from '../../test/support/arrangement.ts';
import { limits } from '../model/limits.ts';
import { askServer, UnansweredError } from './client.ts';
import type { Request, Response } from './protocol.ts';
import { AdminServer } from './server.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'moraine-admin-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const { log, said } = testLog();
const echo = async ({ command, input }: Request): Promise<Response> => ({ answer: { command, input } });
const start = (run: (request: Request) => Promise<Response> = echo) => AdminServer.start({ dataDir, log, run });
const ask = (command: string, input: unknown = {}) => askServer({ dataDir, request: { command, input } });
const socketOf = () => join(dataDir, 'admin.sock');

/** What the server says to whoever writes `text`, until it ends. */
async function say(text: string): Promise<string[]> {
  const socket = createConnection(socketOf());
  socket.write(text);
  let heard = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    heard += chunk;
  });
  await once(socket, 'close');
  return heard.trim().split('\n');
}

describe('the socket', () => {
  test('answers, one request on each connection, many at once', async () => {
    await using _server = await start();
    const answers = await Promise.all(Array.from({ length: 30 }, (_, number) => ask('echo', { number })));
    expect(answers).toEqual(answers.map((_, number) => ({ answer: { command: 'echo', input: { number } } })));
  });

  test('is private whatever the umask, and gone when the server is', async () => {
    const before = process.umask(0);
    try {
      await using _server = await start();
      expect(statSync(socketOf()).mode & 0o777).toBe(0o600);
    } finally {
      process.umask(before);
    }
    expect(existsSync(socketOf())).toBe(false);
    expect(await ask('echo')).toBeUndefined();
  });

  test('of a killed server is replaced', async () => {
    const left = createServer().listen(socketOf());
    await once(left, 'listening');
    // Renamed, it is not removed with its server.
    const { renameSync } = await import('node:fs');
    renameSync(socketOf(), join(dataDir, 'kept'));
    left.close();
    await once(left, 'close');
    renameSync(join(dataDir, 'kept'), socketOf());
    expect(await ask('echo')).toBeUndefined();
    await using _server = await start();
    expect(await ask('echo', 1)).toEqual({ answer: { command: 'echo', input: 1 } });
  });

  test.each([
    ['a file', () => writeFileSync(socketOf(), 'mine')],
    ['a link', () => symlinkSync(join(dataDir, 'elsewhere'), socketOf())],
  ])('does not take the place of %s', async (_, put) => {
    put();
    await expect(start()).rejects.toThrow(`${socketOf()} is in the way of the socket for commands`);
  });

  test('works where the path is longer than an address', async () => {
    const root = dataDir;
    dataDir = join(dataDir, ...Array.from({ length: 4 }, () => 'd'.repeat(60)));
    mkdirSync(dataDir, { recursive: true });
    {
      await using _server = await start();
      expect(existsSync(socketOf())).toBe(true);
      expect(await ask('echo', 1)).toEqual({ answer: { command: 'echo', input: 1 } });
    }
    expect(existsSync(socketOf())).toBe(false);
    dataDir = root;
  });
});

describe('a request', () => {
  const GREETING = '{"moraine":"commands"}';

  test.each([
    ['no JSON', 'hello\n'],
    ['no object', '[]\n'],
    ['without a command', '{"input":{}}\n'],
  ])('that is %s is refused', async (_, text) => {
    await using _server = await start();
    expect(await say(text)).toEqual([GREETING, '{"refusal":"the request is not one that this version knows"}']);
  });

  test('of more than 64 KiB is refused, one of 64 KiB is not', async () => {
    await using _server = await start(async () => ({ answer: 'read' }));
    const lineOf = (bytes: number) =>
      `${JSON.stringify({ command: 'x', input: '' }).replace('""', `"${'i'.repeat(bytes - 26)}"`)}\n`;
    expect(lineOf(limits.adminRequestBytesMax)).toHaveLength(limits.adminRequestBytesMax + 1);
    expect(await say(lineOf(limits.adminRequestBytesMax))).toEqual([GREETING, '{"answer":"read"}']);
    expect(await say(lineOf(limits.adminRequestBytesMax + 1))).toEqual([
      GREETING,
      '{"refusal":"a line is longer than 65536 bytes"}',
    ]);
  });

  test('that fails unexpectedly is logged and tells nothing', async () => {
    await using _server = await start(async () => {
      throw new Error('secret');
    });
    expect(await ask('echo')).toEqual({ failure: 'the server met an unexpected error, which its log tells' });
    expect(said).toContain('a command of the operator failed');
  });

  test('whose client goes away disturbs nobody', async () => {
    await using _server = await start();
    const socket = createConnection(socketOf());
    await once(socket, 'connect');
    socket.write('{"command"');
    socket.destroy();
    expect(await ask('echo', 1)).toEqual({ answer: { command: 'echo', input: 1 } });
  });
});

describe('the end of the server', () => {
  test('waits for a command that runs, and sends those away that have not asked', async () => {
    const begun = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const server = await start(async () => {
      begun.resolve();
      await held.promise;
      return { answer: 'done' };
    });
    const running = ask('slow');
    await begun.promise;
    const idle = createConnection(socketOf());
    const heard: string[] = [];
    idle.setEncoding('utf8').on('data', (chunk: string) => heard.push(chunk));
    await once(idle, 'data');
    const ended = server[Symbol.asyncDispose]();
    await once(idle, 'close');
    expect(heard.join('')).toBe('{"moraine":"commands"}\n{"stopping":true}\n');
    held.resolve();
    expect(await running).toEqual({ answer: 'done' });
    await ended;
  });

  test('before an answer leaves the client in doubt, and it says so', async () => {
    const dying = createServer((socket) => {
      socket.write('{"moraine":"commands"}\n');
      socket.on('data', () => socket.destroy());
    });
    await once(dying.listen(socketOf()), 'listening');
    await expect(ask('echo')).rejects.toThrow(UnansweredError);
    dying.close();
  });

  test('before its greeting means that nothing happened', async () => {
    const dying = createServer((socket) => socket.destroy());
    await once(dying.listen(socketOf()), 'listening');
    expect(await ask('echo')).toBeUndefined();
    dying.close();
  });

  test('in place of its greeting means that nothing happened, too', async () => {
    const ending = createServer((socket) => socket.end('{"stopping":true}\n'));
    await once(ending.listen(socketOf()), 'listening');
    expect(await ask('echo')).toBeUndefined();
    ending.close();
  });
});
