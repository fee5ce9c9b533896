import { Command, InvalidArgumentError, Option } from 'commander';
import type { AdminCommand } from '../admin/command.ts';
import type { commands } from '../admin/commands/index.ts';
import { loadConfig } from '../config/config.ts';
import type { SettingName } from '../config/settings.ts';
import { json, print, printSurely } from './output.ts';
import { addSettingOptionsNamed, flagsOf } from './setting-options.ts';

/** What the commands of the operator have in common: their options, how they are asked for, and how they answer. */
export type CommandName = keyof typeof commands & string;
export type AnswerOf<Name extends CommandName> =
  (typeof commands)[Name] extends AdminCommand<infer _, infer Answer> ? Answer : never;
type InputOf<Name extends CommandName> =
  (typeof commands)[Name] extends AdminCommand<infer Input, infer _> ? Given<Input> : never;
/** Options that were not given are undefined, and do not become members of the request. */
type Given<Input> = {
  [M in keyof Input]: Record<never, never> extends Pick<Input, M> ? Input[M] | undefined : Input[M];
};

/** A group of commands: `moraine keys`. Its help shows examples, each a command line. */
export function commandGroup(
  name: string,
  { description, examples, commands }: { description: string; examples: readonly string[]; commands: Command[] },
): Command {
  const group = new Command(name).description(description).addHelpText('after', examplesOf(examples));
  for (const command of commands) group.addCommand(command);
  return group;
}

export interface CommandDescription {
  /** Its name and its arguments: `disable <id>`. */
  usage: string;
  description: string;
  examples: readonly string[];
  /** The settings it depends on; those of a command on a data directory when nothing is said. */
  settings?: readonly SettingName[];
}

/** One command, with the options that all of them have. */
export function operatorCommand({ usage, description, examples, settings }: CommandDescription): Command {
  const [name, ...parameters] = usage.split(' ');
  const command = new Command(name).description(description).addHelpText('after', examplesOf(examples));
  for (const parameter of parameters) command.argument(parameter);
  command.option('--json', 'print JSON, for scripts');
  return addSettingOptionsNamed(command, settings ?? ['data-dir', 'config']);
}

/** Has a command carried out and prints its answer, with --json as it came and otherwise as `render` puts it. */
export async function administer<Name extends CommandName>(
  command: Command,
  { name, input, render, secretKeyIn, conclude }: Administered<Name>,
): Promise<void> {
  const given = loadConfig({ flags: flagsOf(command), env: process.env });
  // Imported here, so that help and wrong flags do not wait for it to load.
  const { carryOut } = await import('./carry-out.ts');
  const answer = (await carryOut({
    ...given,
    request: { command: name, input: withoutAbsent(input) },
  })) as AnswerOf<Name>;
  const text = command.opts<{ json?: true }>().json ? json(answer) : render(answer);
  if (secretKeyIn === undefined) {
    print(text);
    return conclude?.(answer);
  }
  const id = secretKeyIn(answer);
  await printSurely(text, `the key ${id} is made, but its secret was not shown and never will be; rotate or delete it`);
}

interface Administered<Name extends CommandName> {
  name: Name;
  input: InputOf<Name>;
  render: (answer: AnswerOf<Name>) => string;
  /** For an answer with a secret, which must not get lost unnoticed: the id of its key. */
  secretKeyIn?: (answer: AnswerOf<Name>) => string;
  /** Called when the answer is printed; what it throws is how the program ends. */
  conclude?: (answer: AnswerOf<Name>) => void;
}

const withoutAbsent = (input: object): object =>
  Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));

/** `--account`; without it the first account is meant. */
export const accountOption = (whose: string): Option =>
  new Option('--account <id>', `the account ${whose}; the first account when none is named`).argParser((id: string) => {
    if (!/^\d{12}$/.test(id)) throw new InvalidArgumentError(`It must have 12 digits.`);
    return id;
  });

const examplesOf = (examples: readonly string[]): string =>
  `\nExamples:\n${examples.map((line) => `  ${line}\n`).join('')}`;
