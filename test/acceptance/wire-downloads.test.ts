import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { damageBlob } from '../support/damage.ts';
import { ask, bytesOf, Connection, call, send, sign } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault, errorOf, retrieve, storedFiles, troubleIn, upload } from '../support/wire.ts';

/** Downloads that the client breaks off, and downloads of bytes that are not the ones that were stored. */
const MIB = 1 << 20;
let server: TestServer;
let idle: ReturnType<typeof held>;
beforeAll(async () => {
  server = await startServer();
  idle = held();
  await createVault(server, 'wire');
});
afterAll(() => server[Symbol.asyncDispose]());

/** Stores random bytes and has them retrieved. `file` is where the server keeps them. */
async function stored(sizeBytes: number): Promise<{ body: Buffer; file: string; target: string }> {
  const body = randomBytes(sizeBytes);
  const before = new Set(storedFiles(server));
  const ArchiveId = await upload(server, body);
  const [file = ''] = storedFiles(server).filter((path) => !before.has(path));
  return { body, file, target: await retrieve(server, { Type: 'archive-retrieval', ArchiveId }) };
}

async function get(target: string, headers: Record<string, string> = {}): Promise<Connection> {
  const connection = await Connection.open(server);
  return connection.send(bytesOf(sign(ask(server, { target, headers }), server)));
}

/** How many files of blobs and how many connections the server holds open. */
function held(): { blobs: number; sockets: number } {
  const folder = `/proc/${server.child.pid}/fd`;
  const targets = readdirSync(folder).map((name) => {
    try {
      return readlinkSync(join(folder, name));
    } catch {
      return 'closed meanwhile';
    }
  });
  const count = (part: string) => targets.filter((target) => target.includes(part)).length;
  return { blobs: count('/blobs/'), sockets: count('socket:') };
}

/** Holds when nothing is open but what a server without clients has. */
const letsGo = () => expect.poll(held, { timeout: 10_000 }).toEqual(idle);

describe('clients that break off', () => {
  test.each([
    ['by closing', (connection: Connection) => void connection.socket.destroy()],
    ['by a reset', (connection: Connection) => void connection.socket.resetAndDestroy()],
  ])('fifty of them, %s, leave no file open', async (_, breakOff) => {
    const { target, body } = await stored(8 * MIB);
    await call(server, { target });
    for (let round = 0; round < 50; round += 1) {
      const connection = await get(target);
      await connection.until(() => connection.received.length > 1000, 10_000);
      breakOff(connection);
    }
    await letsGo();
    expect((await call(server, { target })).body.equals(body)).toBe(true);
    expect(troubleIn(server)).toEqual([]);
  });

  test('while they wait in line behind another download', async () => {
    const { target } = await stored(8 * MIB);
    for (let round = 0; round < 10; round += 1) {
      const connection = await get(target);
      for (let more = 0; more < 5; more += 1) connection.send(bytesOf(sign(ask(server, { target }), server)));
      await connection.until(() => connection.received.length > 1000, 10_000);
      connection.socket.resetAndDestroy();
    }
    await letsGo();
  });

  test('the memory for two hundred that take nothing does not depend on what they ask for', async () => {
    const { target } = await stored(64 * MIB);
    const residentKib = () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))?.[1]);
    const before = residentKib();
    const connections = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const connection = await Connection.open(server);
        connection.socket.pause();
        return connection.send(bytesOf(sign(ask(server, { target }), server)));
      }),
    );
    const request = bytesOf(sign(ask(server, { target: '/-/vaults/wire' }), server));
    for (let round = 0; round < 20; round += 1) expect((await send(server, request)).status).toBe(200);
    const grownMib = (residentKib() - before) / 1024;
    for (const connection of connections) connection.socket.destroy();
    // Two frames of 1 MiB each, and what Node needs besides.
    expect(grownMib).toBeLessThan(200 * 2 + 200);
    await letsGo();
  });
});

describe('damage', () => {
  const INTERNAL = { status: 500, code: 'ServiceUnavailableException' };
  const flip = (file: string, at: number) => {
    const bytes = readFileSync(file);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  };

  /** The answer to a download that must not be a whole one; nothing about the inside may show. */
  async function failed(target: string, file: string) {
    using connection = await get(target);
    const { status, message, code } = errorOf(await connection.answer());
    expect(message).not.toMatch(/blob|frame|checksum|ENOENT|\/|\.ts/);
    expect(message).not.toContain(file.slice(-32));
    return { status, code };
  }

  test('in the first frame: an error answer', async () => {
    const { target, file } = await stored(3 * MIB);
    flip(file, 12_345);
    expect(await failed(target, file)).toEqual(INTERNAL);
    using connection = await get(target, { Range: `bytes=${2 * MIB}-` });
    expect((await connection.answer()).status).toBe(206);
    expect(server.stderr()).toContain('"level":"error"');
  });

  test('in a later frame: what was sent is right, and the connection is cut before the end', async () => {
    const { target, file, body } = await stored(5 * MIB);
    flip(file, 3 * MIB + 7);
    using connection = await get(target);
    await connection.ended();
    const text = connection.received.toString('latin1');
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toContain(`\r\nContent-Length: ${5 * MIB}\r\n`);
    const sent = connection.received.subarray(text.indexOf('\r\n\r\n') + 4);
    expect(sent.length).toBeLessThanOrEqual(3 * MIB);
    expect(sent.equals(body.subarray(0, sent.length))).toBe(true);
    const { origin } = new URL(server.url);
    const signed = sign(ask(server, { target }), server);
    const kept = signed.headers.filter(([name]) => name !== 'Host');
    await expect(
      fetch(`${origin}${target}`, { headers: kept }).then((answer) => answer.arrayBuffer()),
    ).rejects.toThrow();
  });

  test.each([
    ['the checksums of the frames', (size: number) => size + 1],
    ['the hashes of the frames', (size: number) => size + 3 * 4 + 5],
    ['the id in the footer', (size: number) => size + 3 * 36 + 10],
    ['the size in the footer', (size: number) => size + 3 * 36 + 24],
  ])('in %s', async (_, place) => {
    const { target, file } = await stored(3 * MIB);
    flip(file, place(3 * MIB));
    expect(await failed(target, file)).toEqual(INTERNAL);
  });

  test.each([0, 10, 2 * MIB, 3 * MIB, 3 * MIB + 171])('a file cut to %i bytes', async (length) => {
    const { target, file } = await stored(3 * MIB);
    truncateSync(file, length);
    expect(await failed(target, file)).toEqual(INTERNAL);
  });

  test('files that changed places', async () => {
    const one = await stored(3 * MIB);
    const other = await stored(3 * MIB);
    renameSync(one.file, `${one.file}.aside`);
    renameSync(other.file, one.file);
    renameSync(`${one.file}.aside`, other.file);
    expect(await failed(one.target, one.file)).toEqual(INTERNAL);
    expect(await failed(other.target, other.file)).toEqual(INTERNAL);
  });

  test('a file that is another archive, or missing', async () => {
    const one = await stored(3 * MIB);
    const other = await stored(2 * MIB);
    copyFileSync(one.file, other.file);
    expect(await failed(other.target, other.file)).toEqual(INTERNAL);
    unlinkSync(one.file);
    expect(await failed(one.target, one.file)).toEqual(INTERNAL);
  });

  test('of the output of an inventory', async () => {
    const target = await retrieve(server, { Type: 'inventory-retrieval' });
    expect((await call(server, { target })).json().ArchiveList).not.toHaveLength(0);
    using database = new DatabaseSync(join(server.dataDir, 'metadata.sqlite'), { readOnly: true });
    const job = database.prepare('select output_blob_id as blob from jobs where output_blob_id is not null').get();
    damageBlob(join(server.dataDir, 'blobs'), String(job?.blob));
    expect(await failed(target, '/blobs/segments/')).toEqual(INTERNAL);
  });

  test('hurts nobody else', async () => {
    const { target, body } = await stored(3 * MIB);
    expect((await call(server, { target })).body.equals(body)).toBe(true);
  });
});
