import { execFile, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { MIB } from '../support/hashes.ts';
import { type FileSystem, makeFileSystem } from './file-systems.ts';
import { newDirectory } from './places.ts';

/**
 * Disks of a test's own: images of file systems, mounted below one new directory, whose power can be cut. Each set of them has
 * a watchdog, a process that takes everything down when the test is gone, however it went.
 */
export interface DiskPlan {
  /** Where it is mounted, below the root; a later one may lie inside an earlier one. */
  at: string;
  fileSystem: FileSystem;
  sizeMib?: number;
  /** More words for mkfs. */
  make?: readonly string[];
  /** The image lies on a disk of this size, in the directory that `roomOf` tells, which can be filled under it. */
  roomMib?: number;
}

export interface Disks extends AsyncDisposable {
  readonly root: string;
  pathOf(at: string): string;
  /** The device, as the kernel calls it. */
  deviceOf(at: string): string;
  roomOf(at: string): string;
  /** The watchdog kills these processes, and no others, when the test is gone. */
  watch(processIds: readonly number[]): void;
  /** From now on nothing reaches the disks, or those named, and what has not yet reached them never will. */
  cut(places?: readonly string[]): Promise<void>;
  /** Takes the disks away and back, after everybody has let go of them. */
  remount(): Promise<void>;
  /** Every write from now on waits, until the end of the scope or of `msMax`. */
  freeze(at: string, msMax: number): Promise<AsyncDisposable>;
}

const SIZE_MIB = 320;
const UMOUNT_MS_MAX = 15_000;
const RUN_MS_MAX = 60_000;
const run = promisify(execFile);

/** FS_IOC_SHUTDOWN, the same number for ext4 and XFS, without a flush of the log. */
const SHUT_DOWN = `
for my $path (@ARGV) {
  open(my $directory, '<', $path) or die "$path: $!";
  my $flags = pack('L', 2);
  ioctl($directory, 0x8004587d, $flags) or die "$path: $!";
}`;

/** Reads which processes there are until its stdin ends, then takes down what is left. A frozen writer ignores SIGKILL. */
const WATCHDOG = `
ids=
while read -r line; do ids=$line; done
mounts() { cut -d' ' -f2 /proc/mounts | grep "^$1/" | sort -r; }
mounts "$1" | while read -r path; do fsfreeze -u "$path"; done
for id in $ids; do kill -KILL "$id"; done
mounts "$1" | while read -r path; do umount -l "$path"; done
rm -rf "$1"`;

/** Mounts the disks in this order; everything is gone at the end of an `await using`. */
export async function mountDisks(plans: readonly DiskPlan[]): Promise<Disks> {
  const root = newDirectory('disks', plans.length * SIZE_MIB * MIB);
  const watchdog = spawn('sh', ['-c', WATCHDOG, 'watchdog', root], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.unref();
  const pathOf = (at: string): string => join(root, at);
  const roomOf = (at: string): string => join(root, 'rooms', at.replaceAll('/', '-'));
  const imageOf = (at: string): string => join(roomOf(at), 'image');
  const mount = async () => {
    for (const { at } of plans) await run('mount', ['-o', 'loop', imageOf(at), pathOf(at)]);
  };
  const unmount = async () => {
    for (const { at } of plans.toReversed()) await unmountOne(pathOf(at));
  };
  const dispose = async () => {
    await unmount();
    for (const { at, roomMib } of plans) if (roomMib !== undefined) await unmountOne(roomOf(at));
    rmSync(root, { recursive: true });
    watchdog.stdin.end();
  };
  for (const plan of plans) {
    mkdirSync(roomOf(plan.at), { recursive: true });
    const size = `size=${plan.roomMib}m`;
    if (plan.roomMib !== undefined) await run('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', roomOf(plan.at)]);
    await makeFileSystem({ ...plan, image: imageOf(plan.at), sizeBytes: (plan.sizeMib ?? SIZE_MIB) * MIB });
    mkdirSync(pathOf(plan.at), { recursive: true });
    await run('mount', ['-o', 'loop', imageOf(plan.at), pathOf(plan.at)]);
    chmodSync(pathOf(plan.at), 0o700);
  }
  await run('sync', ['-f', ...plans.map(({ at }) => pathOf(at))]);
  return {
    root,
    pathOf,
    roomOf,
    deviceOf: (at) => basename(execFileSync('findmnt', ['-no', 'SOURCE', pathOf(at)], { encoding: 'utf8' }).trim()),
    watch: (processIds) => void watchdog.stdin.write(`${processIds.join(' ')}\n`),
    cut: async (places = plans.map(({ at }) => at)) =>
      void (await run('perl', ['-e', SHUT_DOWN, ...places.map((at) => pathOf(at))])),
    remount: async () => {
      await unmount();
      await mount();
    },
    freeze: (at, msMax) => freeze(pathOf(at), msMax),
    [Symbol.asyncDispose]: dispose,
  };
}

/** A process that has just ended may still hold the disk for a moment. */
async function unmountOne(path: string): Promise<void> {
  for (const giveUpAt = Date.now() + UMOUNT_MS_MAX; ; ) {
    try {
      await run('umount', [path], { timeout: RUN_MS_MAX });
      return;
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
      await sleep(20);
    }
  }
}

async function freeze(path: string, msMax: number): Promise<AsyncDisposable> {
  const thaw = 'sleep "$2"; fsfreeze -u "$1"';
  const timer = spawn('sh', ['-c', thaw, 'thaw', path, String(msMax / 1000)], { stdio: 'ignore', detached: true });
  await run('fsfreeze', ['-f', path]);
  const dispose = async () => {
    timer.kill('SIGKILL');
    // Whoever was slower than the timer finds it thawed.
    await run('fsfreeze', ['-u', path]).catch(() => undefined);
  };
  return { [Symbol.asyncDispose]: dispose };
}
