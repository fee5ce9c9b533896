import { expect, test } from 'vitest';
import { ConfigError } from './errors.ts';
import { runKeyCommand } from './key-command.ts';

const run = (command: string, timeoutMs = 20_000) => runKeyCommand(command, { timeoutMs });

const problemOf = (command: string, timeoutMs?: number): string => {
  try {
    run(command, timeoutMs);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message.replace('the command of --encryption-key-command ', '');
  }
  return 'accepted';
};

test('what it prints is returned, and what it says beside is not', () => {
  expect(run('echo one; echo two; echo beside >&2')).toBe('one\ntwo\n');
});

test('it is a shell command, with nothing to read', () => {
  expect(run('cat; printf %s "$((1 + 1))" | tr 2 3')).toBe('3');
});

test('it does not get the secrets of the server', () => {
  process.env.MORAINE_SECRETS_KEY = 'canary';
  try {
    expect(run('env')).not.toContain('canary');
    expect(run('echo "$PATH"')).toBe(`${process.env.PATH}\n`);
  } finally {
    delete process.env.MORAINE_SECRETS_KEY;
  }
});

test.each([
  ['exit 7', 'ended with 7'],
  ['echo "no such key" >&2; echo more >&2; exit 1', 'ended with 1: no such key'],
  ['kill -9 $$', 'was ended by SIGKILL'],
  [`echo ${'0f'.repeat(32)} >&2; exit 1`, 'ended with 1: ...'],
  ['printf "a\\033[1mb" >&2; exit 1', 'ended with 1: a [1mb'],
])('%s fails', (command, problem) => {
  expect(problemOf(command)).toBe(problem);
});

test('it has a time limit, which also ends what it has started', () => {
  expect(problemOf('sleep 60 & sleep 60', 300)).toBe('took longer than 0.3 seconds');
});

test('it may not print without end', () => {
  expect(problemOf('yes')).toBe('printed more than 16384 bytes');
});
