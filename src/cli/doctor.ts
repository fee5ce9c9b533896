import type { Command } from 'commander';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-codes.ts';
import { type AnswerOf, administer, operatorCommand } from './operator-command.ts';
import { table } from './output.ts';

/** `moraine doctor`: what somebody should see to; ends with 3 when there is something. */
export function doctorCommand(): Command {
  const command = operatorCommand({
    usage: 'doctor',
    description: 'Look at the disks, the keys, the clock and what the server has met, and say what needs attention.',
    settings: ['data-dir', 'encryption', 'encryption-key-command', 'mirror', 'disk-reserve', 'config'],
    examples: ['moraine doctor', 'moraine doctor --json'],
  });
  return command.action(() => administer(command, { name: 'doctor', input: {}, render, conclude }));
}

function conclude({ attention }: AnswerOf<'doctor'>): void {
  if (attention === 0) return;
  const things = attention === 1 ? '1 thing needs' : `${attention} things need`;
  throw new CommandError(`${things} attention`, { exitCode: exitCodes.attention });
}

const COLUMNS = {
  WHAT: ({ what }: Found) => what,
  STATE: ({ state }: Found) => state,
  FOUND: ({ found }: Found) => found,
};

type Found = AnswerOf<'doctor'>['findings'][number];

const render = ({ findings }: AnswerOf<'doctor'>): string => table(findings, COLUMNS, 'nothing');
