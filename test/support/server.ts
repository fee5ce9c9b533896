import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collect, type Environment, spawnProgram } from './program.ts';

export const REGION = 'us-east-1';
export const ACCOUNT_ID = '111122223333';

const READY_MS_MAX = 60_000;
const READY_LINE = /^moraine listening on (http:\/\/\S+:(\d+))$/m;

/** A running `moraine serve`, stopped and swept away at the end of an `await using`. */
export interface TestServer extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** As a power cut would: SIGKILL. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** Asks it to stop, SIGTERM, and resolves with its exit code. */
  stop(): Promise<number | null>;
}

export interface StartOptions {
  /** Kept at the end; without it the server has a directory of its own, which is removed. */
  dataDir?: string;
  /** More flags of `serve`. */
  flags?: readonly string[];
  env?: Environment;
  /** Another program than that of this project, by its path. */
  program?: string;
  /** Told of the process at once, long before it answers. */
  onSpawned?: (child: ChildProcess) => void;
}

/** Starts a server on a free port and resolves when it answers. */
export async function startServer(options: StartOptions = {}): Promise<TestServer> {
  const { dataDir, flags = [], env = {}, onSpawned } = options;
  const temporary = dataDir === undefined ? mkdtempSync(join(tmpdir(), 'moraine-test-')) : undefined;
  const directory = dataDir ?? join(temporary ?? '', 'data');
  const fixed = ['--listen', '127.0.0.1:0', '--data-dir', directory, '--region', REGION, '--account-id', ACCOUNT_ID];
  const child = spawnProgram(['serve', ...fixed, ...flags], { ...options, env });
  onSpawned?.(child);
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return await ended;
  };
  const dispose = async (): Promise<void> => {
    await end('SIGKILL');
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  };
  try {
    const { url, port } = await ready({ child, ended, stdout, stderr });
    return {
      url,
      port,
      dataDir: directory,
      ...keyOf(directory, env),
      child,
      stdout,
      stderr,
      kill: async () => void (await end('SIGKILL')),
      stop: () => end('SIGTERM'),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

interface Starting {
  child: ChildProcess;
  ended: Promise<number | null>;
  stdout: () => string;
  stderr: () => string;
}

async function ready({ child, ended, stdout, stderr }: Starting): Promise<{ url: string; port: number }> {
  const timer = AbortSignal.timeout(READY_MS_MAX);
  let over = false;
  void ended.then(() => {
    over = true;
  });
  for (;;) {
    const [, url, port] = READY_LINE.exec(stdout()) ?? [];
    if (url !== undefined) return { url, port: Number(port) };
    if (over || timer.aborted) {
      throw new Error(`moraine serve did not get ready (exit code ${child.exitCode}):\n${stdout()}${stderr()}`);
    }
    await Promise.race([ended, once(child.stdout as NodeJS.ReadableStream, 'data', { signal: timer }).catch(() => {})]);
  }
}

function keyOf(dataDir: string, env: Environment): { accessKeyId: string; secretAccessKey: string } {
  const accessKeyId = env.MORAINE_ROOT_ACCESS_KEY_ID;
  const secretAccessKey = env.MORAINE_ROOT_SECRET_ACCESS_KEY;
  if (accessKeyId !== undefined && secretAccessKey !== undefined) return { accessKeyId, secretAccessKey };
  const text = readFileSync(join(dataDir, 'credentials'), 'utf8');
  const entry = (name: string): string => new RegExp(`^${name} = (\\S+)$`, 'm').exec(text)?.[1] ?? '';
  return { accessKeyId: entry('aws_access_key_id'), secretAccessKey: entry('aws_secret_access_key') };
}
