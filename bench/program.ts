import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { endGroup, endWithUs } from './scratch.ts';

const READY = /listening on (http:\/\/\S+)\n/;
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
/** The unit of the times in /proc/PID/stat, USER_HZ, which Linux keeps at 100 everywhere. */
const TICKS_PER_SECOND = 100;

export interface Command {
  file: string;
  args: readonly string[];
  env?: Record<string, string>;
  cwd?: string;
  /** Where the program's stderr goes. */
  logPath: string;
}

/** A server in a process of its own (a group, since npm puts a shell between). Disposing it asks it to stop and waits. */
export class Program implements AsyncDisposable {
  readonly url: string;
  /** From the start of the process to its ready line. */
  readonly readyMs: number;
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;

  private constructor(child: ChildProcess, closed: Promise<void>, ready: { url: string; readyMs: number }) {
    this.#child = child;
    this.#closed = closed;
    this.url = ready.url;
    this.readyMs = ready.readyMs;
  }

  /** Resolves at the line that says where the server listens; throws with its log when that does not come. */
  static async start({ file, args, env, cwd, logPath }: Command): Promise<Program> {
    const log = openSync(logPath, 'a');
    const startedAt = performance.now();
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', log],
      detached: true,
    });
    closeSync(log);
    const forget = endWithUs(child.pid ?? 0);
    // Not `exit`: the pipe closes when the last process of the group has gone.
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve(void forget())));
    const url = await readyUrl(child);
    const readyMs = performance.now() - startedAt;
    if (url === undefined)
      throw new Error(`${file} ${args.join(' ')} did not start:\n${readFileSync(logPath, 'utf8')}`);
    return new Program(child, closed, { url, readyMs });
  }

  /** User and system time of the process so far, all threads. */
  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may hold blanks; utime and stime are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  /** Lets the peak of memory begin anew, from what is resident now. */
  forgetPeakMemory(): void {
    writeFileSync(`/proc/${this.#child.pid}/clear_refs`, '5');
  }

  /** The most memory the process has had resident. */
  peakMemoryMib(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1]) / 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const group = this.#child.pid ?? 0;
    if (this.#child.exitCode === null) process.kill(-group, 'SIGTERM');
    const timer = setTimeout(() => endGroup(group), STOP_TIMEOUT_MS);
    await this.#closed;
    clearTimeout(timer);
  }
}

/** Undefined when the program ended, or said nothing for a minute. */
async function readyUrl(child: ChildProcess): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const timer = setTimeout(() => resolve(undefined), READY_TIMEOUT_MS);
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    const url = READY.exec(text)?.[1];
    if (url !== undefined) resolve(url);
  });
  child.once('error', () => resolve(undefined)).once('close', () => resolve(undefined));
  const url = await promise;
  clearTimeout(timer);
  return url;
}
