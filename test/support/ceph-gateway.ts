import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..', '..');
const CACHE = join(ROOT, 'node_modules', '.cache', 'ceph');
const FETCH_MS_MAX = 10 * 60_000;
const START_MS_MAX = 3 * 60_000;
const END_MS_MAX = 10_000;
const run = promisify(execFile);

/** The users that `tools/start-rgw.sh` makes. */
export const GATEWAY_USER = { accessKeyId: 'AKIATEST', secretAccessKey: 'SECRETTEST' };
export const OTHER_GATEWAY_USER = { accessKeyId: 'AKIAOTHER', secretAccessKey: 'SECRETOTHER' };

export interface CephGateway extends AsyncDisposable {
  url: string;
}

/** Whether tests on a gateway run; that they do not is printed, so that no run passes in silence. */
export function isGatewayWanted(): boolean {
  const isWanted = process.env.MORAINE_TEST_RGW === '1';
  if (!isWanted) console.warn('not run: S3 as Ceph has it; `npm run test:rgw` does, where apt-get can fetch Ceph');
  return isWanted;
}

/** A real gateway, fetched from Debian if need be; the packages are kept beside the others that tests need. */
export async function startCephGateway(): Promise<CephGateway> {
  await run(join(ROOT, 'tools', 'fetch-rgw.sh'), [CACHE], { timeout: FETCH_MS_MAX });
  const directory = mkdtempSync(join(tmpdir(), 'moraine-ceph-'));
  const end = async () => {
    const ids = readFileSync(join(directory, 'pids'), 'utf8').split('\n').filter(Boolean).map(Number);
    await Promise.all(ids.reverse().map(endProcess));
    rmSync(directory, { recursive: true, force: true });
  };
  const port = await freePort();
  try {
    const args = [join(CACHE, 'root'), directory, String(port)];
    await run(join(ROOT, 'tools', 'start-rgw.sh'), args, { timeout: START_MS_MAX });
  } catch (error) {
    await end();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: end };
}

async function endProcess(id: number): Promise<void> {
  for (let waitedMs = 0; isThere(id); waitedMs += 50) {
    process.kill(id, waitedMs < END_MS_MAX ? 'SIGTERM' : 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function isThere(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}

/** One that is free, as the next one is, which the monitor takes; below those that the kernel gives to whoever asks for any. */
async function freePort(): Promise<number> {
  const port = randomInt(20_000, 30_000);
  return (await isFree(port)) && (await isFree(port + 1)) ? port : freePort();
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', () => resolve(null)));
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
