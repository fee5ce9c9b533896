import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type StartOptions, startServer, type TestServer } from '../support/server.ts';
import { type DiskPlan, type Disks, mountDisks } from './disks.ts';
import type { FileSystem } from './file-systems.ts';

/**
 * A machine whose power can be cut: the metadata and the blobs are on file systems of their own, for on a common one the
 * syncs of the metadata would hide a missing sync of the blobs.
 */
const STOP_MS_MAX = 10_000;
/** The disks are smaller than what a server would leave free of them. */
const RESERVE = ['--disk-reserve', '0'];
export const METADATA = 'metadata';
export const BLOBS = 'metadata/blobs';
export const MIRROR = 'mirror';

export interface Machine extends AsyncDisposable {
  readonly dataDir: string;
  readonly disks: Disks;
  /** Starts the server that has all of this machine's disks. */
  start(options?: StartOptions): Promise<TestServer>;
  /** Cuts the power of the machine on which this server runs. The next start finds what had reached the disks. */
  cut(server: Pick<TestServer, 'child'>): Promise<void>;
}

export interface MachineOptions {
  fileSystem: FileSystem;
  hasMirror?: boolean;
  program?: string;
  /** What is special of the disk for the blobs. */
  blobs?: Partial<DiskPlan>;
}

export async function startMachine({
  fileSystem,
  hasMirror = false,
  program,
  blobs,
}: MachineOptions): Promise<Machine> {
  const places = [METADATA, BLOBS, ...(hasMirror ? [MIRROR] : [])];
  const disks = await mountDisks(places.map((at): DiskPlan => ({ at, fileSystem, ...(at === BLOBS ? blobs : {}) })));
  const dataDir = disks.pathOf(METADATA);
  const mirror = hasMirror ? ['--mirror', disks.pathOf(MIRROR)] : [];
  return {
    dataDir,
    disks,
    start: ({ flags = [], ...options } = {}) =>
      startServer({
        dataDir,
        flags: [...RESERVE, ...mirror, ...flags],
        ...(program === undefined ? {} : { program }),
        ...options,
        onSpawned: (child) => {
          disks.watch([child.pid ?? 0]);
          options.onSpawned?.(child);
        },
      }),
    cut: ({ child }) => cut(child, disks),
    [Symbol.asyncDispose]: () => disks[Symbol.asyncDispose](),
  };
}

/** A cut stops the processor too: a server that ran on while its disks went could acknowledge what is on none. */
async function cut(child: ChildProcess, disks: Disks): Promise<void> {
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  const ended = isOver() ? Promise.resolve() : once(child, 'close');
  child.kill('SIGSTOP');
  for (const giveUpAt = Date.now() + STOP_MS_MAX; !isOver() && !isStopped(child.pid ?? 0); ) {
    if (Date.now() > giveUpAt) throw new Error(`the process ${child.pid} does not stop`);
    await sleep(2);
  }
  await disks.cut();
  child.kill('SIGKILL');
  await ended;
  disks.watch([]);
  await disks.remount();
}

/** A thread that waits for a disk stops when the call is over, before the program sees its result. */
function isStopped(processId: number): boolean {
  const threads = readdirSync(`/proc/${processId}/task`);
  const states = threads.map((thread) => {
    const status = readFileSync(join('/proc', String(processId), 'task', thread, 'stat'), 'utf8');
    return status.slice(status.lastIndexOf(')') + 2)[0];
  });
  return states.every((state) => state === 'T');
}
