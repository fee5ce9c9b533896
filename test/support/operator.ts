import { type Environment, type Outcome, type RunOptions, runProgram } from './program.ts';

/** The commands of the operator, on one data directory. */
export interface Operator {
  /** Runs `moraine` with these words. */
  run(words: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** Runs it with --json and returns what it prints; the test fails when the command does. */
  ask<Answer>(words: readonly string[], options?: RunOptions): Promise<Answer>;
}

/** `env` is that of the server: commands that run without one need it as well. */
export function operatorOf(dataDir: string, env: Environment = {}): Operator {
  const run: Operator['run'] = (words, options) => runProgram([...words, '--data-dir', dataDir], { env, ...options });
  return {
    run,
    ask: async <Answer>(words: readonly string[], options?: RunOptions) => {
      const { code, stdout, stderr } = await run([...words, '--json'], options);
      if (code !== 0 || stderr !== '') throw new Error(`moraine ${words.join(' ')} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout) as Answer;
    },
  };
}
