import { type SpawnSyncOptionsWithStringEncoding, spawnSync } from 'node:child_process';
import { limits, SECOND_MS } from '../model/limits.ts';
import { ConfigError } from './errors.ts';
import { secretSettings } from './secret-settings.ts';

/**
 * Runs the operator's command that prints the encryption keys: once, with nothing on its stdin, without the server's own
 * secrets, and in a process group of its own, so that nothing of it outlives the time it has. Returns what it has
 * printed, which nobody else may see. Throws ConfigError.
 */
export function runKeyCommand(command: string, { timeoutMs }: { timeoutMs: number }): string {
  const options: SpawnSyncOptionsWithStringEncoding & { detached: true } = {
    env: withoutSecrets(process.env),
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: limits.encryptionKeyCommandBytesMax,
    // The leader of a group; the types of Node leave it out for this call.
    detached: true,
  };
  const { status, signal, error, stdout, stderr, pid } = spawnSync('/bin/sh', ['-c', command], options);
  if (error !== undefined) endGroup(pid);
  const problem = problemOf({ error, status, signal }, timeoutMs);
  if (problem === undefined) return stdout;
  const said = shownFirstLine(stderr ?? '');
  throw new ConfigError(`the command of --encryption-key-command ${problem}${said === '' ? '' : `: ${said}`}`);
}

interface Ending {
  error?: Error | undefined;
  status: number | null;
  signal: NodeJS.Signals | null;
}

function problemOf({ error, status, signal }: Ending, timeoutMs: number): string | undefined {
  if (error === undefined) {
    if (status === 0) return undefined;
    return signal === null ? `ended with ${status}` : `was ended by ${signal}`;
  }
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ETIMEDOUT') return `took longer than ${timeoutMs / SECOND_MS} seconds`;
  if (code === 'ENOBUFS') return `printed more than ${limits.encryptionKeyCommandBytesMax} bytes`;
  return `cannot be run: ${error.message}`;
}

/** What the shell has started may go on when the shell itself was ended. */
function endGroup(pid: number): void {
  try {
    if (pid > 0) process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}

const SHOWN_LENGTH_MAX = 200;
/** As long as a key, and of its characters. */
const LIKE_A_KEY = /[A-Za-z0-9+/=]{40,}/g;

function shownFirstLine(text: string): string {
  const [line = ''] = text.trimStart().split('\n');
  return line
    .replaceAll(LIKE_A_KEY, '...')
    .replaceAll(/\p{Cc}/gu, ' ')
    .slice(0, SHOWN_LENGTH_MAX)
    .trimEnd();
}

function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !Object.hasOwn(secretSettings, name)));
}
