import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/**
 * Faults at a chosen system call of a running server, through strace(1). Counters of strace count per thread, so with one
 * thread in libuv's pool (`ONE_POOL_THREAD`) the n-th file call is the same in every run.
 */
export const ONE_POOL_THREAD = { UV_THREADPOOL_SIZE: '1' };

const ATTACH_MS_MAX = 10_000;

/** Why strace cannot be used here, or undefined when it can. */
export const straceMissing: string | undefined = (() => {
  const { error, status, stderr } = spawnSync('strace', ['-o', '/dev/null', '-e', 'trace=none', 'true']);
  if (error !== undefined) return 'strace is not installed';
  return status === 0 ? undefined : `strace cannot trace here: ${stderr}`;
})();

if (straceMissing !== undefined) {
  process.stderr.write(
    `\n${straceMissing}: the tests that fail or kill the server at chosen system calls DID NOT RUN\n\n`,
  );
}

export interface Tracing extends AsyncDisposable {
  /** Stops tracing and returns what was traced, line by line. */
  stop(): Promise<string[]>;
}

/** Attaches to a thread of the server (all threads with `-f` among the arguments) and resolves when it is traced. */
export async function attach(threadId: number, args: readonly string[]): Promise<Tracing> {
  const directory = mkdtempSync(join(tmpdir(), 'moraine-strace-'));
  const output = join(directory, 'trace');
  const child = spawn('strace', [...args, '-o', output, '-p', String(threadId)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = once(child, 'close');
  await attached(child);
  const stop = async () => {
    child.kill('SIGINT');
    await closed;
    const lines = readFileSync(output, 'utf8').split('\n');
    return lines.filter((line) => line !== '');
  };
  const dispose = async () => {
    await stop();
    rmSync(directory, { recursive: true });
  };
  return { stop, [Symbol.asyncDispose]: dispose };
}

async function attached(child: ChildProcessByStdio<null, null, Readable>): Promise<void> {
  let said = '';
  const signal = AbortSignal.timeout(ATTACH_MS_MAX);
  while (!said.includes('attached')) {
    const [chunk] = await once(child.stderr, 'data', { signal });
    said += String(chunk);
  }
}

/** The only thread of libuv's pool, which does the file calls of the blob store. */
export const poolThread = (processId: number): number => threadNamed('libuv-worker', processId);

/** The thread that writes the metadata. */
export const metadataThread = (processId: number): number => threadNamed('metadata', processId);

function threadNamed(name: string, processId: number): number {
  const threads = readdirSync(`/proc/${processId}/task`).map(Number);
  const found = threads.filter(
    (thread) => readFileSync(`/proc/${processId}/task/${thread}/comm`, 'utf8').trim() === name,
  );
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`the server has ${found.length} threads ${name}`);
  return only;
}

/** The n-th call of its name on its thread: strace counts each name for itself. */
export interface Point {
  name: string;
  nth: number;
  text: string;
}

/** The calls of one thread, as the points at which a fault can be put in another run. Lines are those without `-f`. */
export function pointsOf(lines: readonly string[]): Point[] {
  const counts = new Map<string, number>();
  return lines.flatMap((text) => {
    const [, name] = /^(\w+)\(/.exec(text) ?? [];
    if (name === undefined) return [];
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    return [{ name, nth, text }];
  });
}

/**
 * The calls of all threads in a trace that `strace -f -y` has written, of those with files in the directory: the n-th of its
 * name on any thread is one point, for that is when strace puts the fault.
 */
export function pointsOfThreads(trace: string, directory: string): Point[] {
  const counts = new Map<string, number>();
  const found = new Map<string, Point>();
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    const [, thread = '', text = '', name = ''] = /^(\d+)\s+((\w+)\(.*)$/.exec(line) ?? [];
    if (name === '') continue;
    const nth = (counts.get(`${thread} ${name}`) ?? 0) + 1;
    counts.set(`${thread} ${name}`, nth);
    if (text.includes(directory) && !found.has(`${name} ${nth}`)) found.set(`${name} ${nth}`, { name, nth, text });
  }
  return [...found.values()];
}

/** The words that put a fault at a point, as `signal=SIGKILL` or `error=EIO`. */
export const faultAt = ({ name, nth }: Point, fault: string): string[] => [
  ...['-e', `trace=${name}`, '-e', `inject=${name}:${fault}:when=${nth}`],
];

/** One system call: when it began and ended, as places in the trace. */
export interface SystemCall {
  text: string;
  beganAt: number;
  endedAt: number;
}

/** Puts the halves of calls that another thread interrupted together. Lines are those of `strace -f`. */
export function systemCalls(lines: readonly string[]): SystemCall[] {
  const begun = new Map<string, { text: string; beganAt: number }>();
  const calls: SystemCall[] = [];
  for (const [at, line] of lines.entries()) {
    const [, thread = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const unfinished = /^(.*) <unfinished \.\.\.>$/.exec(rest);
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    if (unfinished !== null) {
      begun.set(thread, { text: unfinished[1] ?? '', beganAt: at });
    } else if (resumed !== null) {
      const first = begun.get(thread) ?? { text: '', beganAt: at };
      calls.push({ text: first.text + (resumed[1] ?? ''), beganAt: first.beganAt, endedAt: at });
    } else {
      calls.push({ text: rest, beganAt: at, endedAt: at });
    }
  }
  return calls;
}
