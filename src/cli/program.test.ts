import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { makeProgram } from './program.ts';

/** Every command of the operator explains itself, and what its help shows as an example is a command line that works. */
const operatorCommands = (): Command[] =>
  makeProgram()
    .commands.filter((group) => group.commands.length > 0)
    .flatMap((group) => [group, ...group.commands.filter((command) => command.name() !== 'help')]);

const nameOf = (command: Command): string => {
  const parent = command.parent === null ? '' : `${nameOf(command.parent)} `;
  return `${parent}${command.name()}`;
};

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

const commandLinesIn = (text: string): string[] =>
  text.split('\n').flatMap((line) => /^ .*?(moraine [^#>|)]+)/.exec(line)?.[1]?.trim() ?? []);
const examplesIn = (help: string): string[] => commandLinesIn(help.split('\nExamples:\n')[1] ?? '');

/** What the command line means, with nothing carried out. */
async function understand(line: string): Promise<string> {
  const program = makeProgram();
  let meant = '';
  const mean = (command: Command): void => {
    meant = nameOf(command);
  };
  const disarm = (command: Command): void => {
    command.commands.forEach(disarm);
    if (command.commands.length === 0) command.action(() => mean(command));
  };
  disarm(program);
  await program.parseAsync(line.split(' ').slice(1), { from: 'user' });
  return meant;
}

describe.each(operatorCommands().map((command) => [nameOf(command), command] as const))('%s', (name, command) => {
  const help = helpOf(command);

  test('says what it does', () => {
    expect(command.description()).toMatch(/^[A-Z].*\.$/);
    expect(help).toMatch(new RegExp(`^Usage: ${name} `));
  });

  test('shows examples that work', async () => {
    const examples = examplesIn(help);
    expect(examples.some((line) => line.startsWith(name))).toBe(true);
    for (const line of examples) expect(`${line} `.startsWith(`${await understand(line)} `)).toBe(true);
  });

  test('answers scripts in JSON', () => {
    if (command.commands.length === 0) expect(help).toMatch(/^ +--json +print JSON/m);
  });
});

const page = readFileSync(new URL('../../docs/administration.md', import.meta.url), 'utf8');

test.each(commandLinesIn(page))('docs/administration.md: %s', async (line) => {
  expect(`${line} `.startsWith(`${await understand(line)} `)).toBe(true);
});

test('docs/administration.md shows every command', async () => {
  const shown = await Promise.all(commandLinesIn(page).map(understand));
  const leaves = operatorCommands().filter((command) => command.commands.length === 0);
  expect(leaves.map(nameOf).filter((name) => !shown.includes(name))).toEqual([]);
});
