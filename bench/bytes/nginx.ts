import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Connection } from '../connection.ts';
import { Program } from '../program.ts';
import { ROOT } from '../servers.ts';

/** Debian's nginx, fetched into the cache of the dependencies: what a web server written in C does with the same bytes. */
const CACHE = join(ROOT, 'node_modules', '.cache', 'nginx');
const FETCH_MS_MAX = 120_000;
const CONNECT_TRIES = 100;
const CONNECT_PAUSE_MS = 50;
const run = promisify(execFile);

/**
 * Starts it with its files under `scratchPath`: it stores what is PUT to `/store/NAME`, and serves the files of the directory
 * under `/file/`. Undefined, and the reason on stderr, where it cannot be had.
 */
export async function startNginx(scratchPath: string): Promise<Program | undefined> {
  try {
    await run(join(ROOT, 'tools', 'fetch-nginx.sh'), [CACHE], { timeout: FETCH_MS_MAX });
  } catch (error) {
    process.stderr.write(`not run: nginx, which cannot be fetched: ${(error as Error).message.split('\n')[0]}\n`);
    return undefined;
  }
  const port = await freePort();
  const directory = join(scratchPath, 'nginx');
  mkdirSync(join(directory, 'store'), { recursive: true });
  writeFileSync(join(directory, 'nginx.conf'), configuration({ directory, scratchPath, port }));
  const command = '"$1" -p "$2" -c nginx.conf -e stderr';
  const program = await Program.start({
    file: 'sh',
    // nginx does not say when it listens; it becomes this process, so that its time and memory can be read.
    args: ['-c', `echo "listening on http://127.0.0.1:${port}"; exec ${command}`, 'sh', binary(), directory],
    logPath: join(scratchPath, 'nginx.log'),
  });
  await untilItListens(program);
  return program;
}

const binary = (): string => join(CACHE, 'root', 'usr', 'sbin', 'nginx');

/** One process, as Moraine is one; bodies go straight to the file system that the files are on. */
function configuration({ directory, scratchPath, port }: { directory: string; scratchPath: string; port: number }) {
  const unused = ['proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path unused;`).join(' ');
  return `daemon off; master_process off; pid nginx.pid; error_log stderr;
events { worker_connections 256; }
http {
  access_log off; sendfile on; tcp_nopush on; ${unused}
  client_body_temp_path bodies; client_max_body_size 0; client_body_buffer_size 1m;
  server {
    listen 127.0.0.1:${port};
    location /store/ { root ${directory}; dav_methods PUT; }
    location /file/ { alias ${scratchPath}/; }
  }
}
`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function untilItListens({ url }: Program): Promise<void> {
  for (let left = CONNECT_TRIES; ; left -= 1) {
    try {
      using _connection = await Connection.open(url);
      return;
    } catch (error) {
      if (left === 0) throw error;
      await wait(CONNECT_PAUSE_MS);
    }
  }
}
