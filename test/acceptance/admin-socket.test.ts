import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operatorOf } from '../support/operator.ts';
import { ACCOUNT_ID, startServer } from '../support/server.ts';

/** Who answers the operator's commands: the server that holds the data directory, or the command itself. */
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-socket-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const FIRST = { accounts: [expect.objectContaining({ accountId: ACCOUNT_ID })] };
const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('the socket and its directory are private under a umask of 000, and the socket goes with the server', async () => {
  const before = process.umask(0);
  try {
    await using server = await startServer({ dataDir: join(directory, 'open') });
    const socket = join(server.dataDir, 'admin.sock');
    expect([modeOf(server.dataDir), modeOf(socket)]).toEqual([0o700, 0o600]);
    expect(await server.stop()).toBe(0);
    expect(existsSync(socket)).toBe(false);
  } finally {
    process.umask(before);
  }
});

test('kill -9 leaves a socket that disturbs neither commands nor the next server', async () => {
  const dataDir = join(directory, 'killed');
  const { run, ask } = operatorOf(dataDir);
  await using first = await startServer({ dataDir });
  await ask(['users', 'create', 'before']);
  await first.kill();
  expect(existsSync(join(dataDir, 'admin.sock'))).toBe(true);
  await ask(['users', 'create', 'between']);
  await using second = await startServer({ dataDir });
  await ask(['users', 'create', 'after']);
  const { users } = await ask<{ users: { name: string }[] }>(['users', 'list']);
  expect(users.map(({ name }) => name)).toEqual(['after', 'before', 'between']);
  expect(await second.stop()).toBe(0);
  expect((await run(['users', 'list'])).code).toBe(0);
});

test('a data directory with a longer path than a socket may have', async () => {
  const dataDir = join(directory, ...Array.from({ length: 5 }, () => 'd'.repeat(50)));
  mkdirSync(join(dataDir, '..'), { recursive: true });
  const { ask } = operatorOf(dataDir);
  await using server = await startServer({ dataDir });
  expect(modeOf(join(dataDir, 'admin.sock'))).toBe(0o600);
  expect(await ask(['accounts', 'list'])).toEqual(FIRST);
  expect(await server.stop()).toBe(0);
  expect(existsSync(join(dataDir, 'admin.sock'))).toBe(false);
  expect(await ask(['accounts', 'list'])).toEqual(FIRST);
});

test.each(['with a server', 'without one'])('many commands at once %s are all carried out', async (circumstance) => {
  await using server = await startServer();
  const { ask } = operatorOf(server.dataDir);
  if (circumstance === 'without one') await server.stop();
  const names = Array.from({ length: 4 }, (_, number) => `user-${number}`);
  await Promise.all(names.map((name) => ask(['users', 'create', name])));
  const { users } = await ask<{ users: { name: string }[] }>(['users', 'list']);
  expect(users.map(({ name }) => name)).toEqual(names);
});

test('commands go on while servers start and stop, and each is carried out once', async () => {
  const dataDir = join(directory, 'restless');
  const { ask } = operatorOf(dataDir);
  await using first = await startServer({ dataDir });
  await first.stop();
  let over = false;
  const servers = (async () => {
    for (let round = 0; round < 4; round += 1) {
      // A command may hold the directory at this moment; a supervisor would try again as well.
      const server = await startServer({ dataDir }).catch(() => undefined);
      await sleep(150);
      await server?.stop();
      await server?.[Symbol.asyncDispose]();
    }
    over = true;
  })();
  const made: string[] = [];
  while (!over) {
    const name = `user-${String(made.length).padStart(3, '0')}`;
    await ask(['users', 'create', name]);
    made.push(name);
  }
  await servers;
  const { users } = await ask<{ users: { name: string }[] }>(['users', 'list']);
  expect(users.map(({ name }) => name)).toEqual(made);
});

describe('a directory that is held by what does not answer', () => {
  test('is named in one line after a while', async () => {
    const dataDir = join(directory, 'silent');
    await using server = await startServer({ dataDir });
    await server.stop();
    const lock = new DatabaseSync(join(dataDir, 'owner.lock'));
    lock.exec('pragma journal_mode = memory; begin exclusive');
    const outcome = await operatorOf(dataDir).run(['accounts', 'list']);
    lock.close();
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toMatch(/^moraine: the data directory \S+ is held by [^\n]+, and answers no commands\n$/);
  });

  test('a server that ends before it answers leaves the command in doubt', async () => {
    const dataDir = join(directory, 'dying');
    await using server = await startServer({ dataDir });
    await server.stop();
    const dying = createServer((socket) => {
      socket.write('{"moraine":"commands"}\n');
      socket.once('data', () => socket.destroy());
    });
    await once(dying.listen(join(dataDir, 'admin.sock')), 'listening');
    const outcome = await operatorOf(dataDir).run(['users', 'create', 'ann']);
    dying.close();
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toMatch(/^moraine: [^\n]+; whether the command was carried out is not known\n$/);
  });
});
