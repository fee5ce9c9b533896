import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The `moraine` program as a user starts it. The tests that use it know nothing of its source. */
const PROGRAM = fileURLToPath(new URL('../../bin/moraine.cjs', import.meta.url));
const RUN_MS_MAX = 30_000;
/** Node keeps what it has compiled there: hundreds of starts of the same program take half the time. */
const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/moraine-tests', import.meta.url));

/** Variables that a test adds, or with undefined takes away. */
export type Environment = Record<string, string | undefined>;

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: Environment;
  cwd?: string;
  /** What the program reads from its stdin. */
  input?: string | Buffer;
  /** Another program than that of this project, by its path. */
  program?: string;
  /** A program, with its words, that runs it. */
  under?: readonly string[];
  /** It is killed after so long. */
  msMax?: number;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts the program with none of the MORAINE_ variables of whoever runs the tests; it dies with them. */
export function spawnProgram(args: readonly string[], options: RunOptions = {}) {
  const { env = {}, cwd, input, program = PROGRAM, under = [] } = options;
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MORAINE_'));
  const [first = process.execPath, ...words] = [...under, process.execPath, program, ...args];
  const child = spawn(first, words, {
    env: { NODE_COMPILE_CACHE: COMPILED, ...Object.fromEntries(inherited), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  // A program that has seen enough may be gone before it has read everything.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

/** Runs the program to its end. */
export async function runProgram(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = spawnProgram(args, options);
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const timer = setTimeout(() => child.kill('SIGKILL'), options.msMax ?? RUN_MS_MAX);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code, stdout: stdout(), stderr: stderr() };
}

/** What a stream has said until now. */
export function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
