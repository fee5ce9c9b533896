import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { absenceOf } from '../support/foreign-programs.ts';
import { MIB, noise } from '../support/hashes.ts';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { answerOf, inventory, retrieve, upload, VAULT } from './archives.ts';

const SPARE = 4;
const USUAL = 1024;
const CONNECTIONS = 40;
const UPLOADS = 8;
const BODY = noise(3 * MIB, 'descriptors');

test('F-16 a process without free file descriptors acknowledges nothing it has not stored, and recovers', async (context) => {
  const absence = await absenceOf('prlimit', ['--version']);
  if (absence !== undefined) context.skip(absence);
  await using server = await startServer();
  await send(server, { method: 'PUT', path: VAULT });
  const stored = [(await upload(server, { body: BODY, description: 'before' })).header('x-amz-archive-id') ?? ''];
  limit(server, readdirSync(`/proc/${server.child.pid}/fd`).length + SPARE);
  const idle = Array.from({ length: CONNECTIONS }, () => silent(connect(server.port, '127.0.0.1')));
  const answers = await Promise.all(
    Array.from({ length: UPLOADS }, (_, index) => answerOf(upload(server, { body: BODY, description: `of ${index}` }))),
  );
  for (const answer of answers) {
    if (answer?.status === 201) stored.push(answer.header('x-amz-archive-id') ?? '');
    else expect([undefined, 500, 503]).toContain(answer?.status);
  }
  expect(stored.length).toBeLessThan(1 + UPLOADS);
  for (const socket of idle) socket.destroy();
  limit(server, USUAL);
  stored.push((await upload(server, { body: BODY, description: 'after' })).header('x-amz-archive-id') ?? '');
  expect((await inventory(server)).map((item) => item.ArchiveId).sort()).toEqual(stored.sort());
  for (const id of stored) expect((await retrieve(server, id)).equals(BODY)).toBe(true);
  expect(server.child.exitCode).toBeNull();
});

/** The soft limit alone: who has lowered the hard one may not raise it again. */
function limit({ child }: TestServer, descriptors: number): void {
  execFileSync('prlimit', ['--pid', String(child.pid), `--nofile=${descriptors}:`]);
}

function silent(socket: Socket): Socket {
  return socket.on('error', () => undefined);
}
