import type { Command } from 'commander';
import { MINUTE_MS } from '../model/limits.ts';
import { type AnswerOf, administer, commandGroup, operatorCommand } from './operator-command.ts';

/** `moraine clock`: the time that retention goes by. */
export function clockCommand(): Command {
  return commandGroup('clock', {
    description: 'The trusted time that retention goes by, and whether the wall clock is believed.',
    commands: [show(), confirm()],
    examples: ['moraine clock show', 'moraine clock confirm'],
  });
}

function show(): Command {
  const command = operatorCommand({
    usage: 'show',
    description: 'Show the trusted time beside the wall clock.',
    examples: ['moraine clock show --json'],
  });
  return command.action(() => administer(command, { name: 'clock.show', input: {}, render }));
}

function confirm(): Command {
  const command = operatorCommand({
    usage: 'confirm',
    description: 'Say that the wall clock is right: the trusted time is set to it. Look at it first.',
    examples: ['moraine clock confirm'],
  });
  return command.action(() => administer(command, { name: 'clock.confirm', input: {}, render }));
}

function render({ trustedAt, wallClockAt, unprovenMs, toleranceMs, suspectSince }: AnswerOf<'clock.show'>): string {
  const minutes = (ms: number): string => `${Math.round(ms / MINUTE_MS)} minutes`;
  return [
    `trusted time  ${trustedAt}`,
    `wall clock    ${wallClockAt}`,
    `unproven      ${minutes(unprovenMs)} of at most ${minutes(toleranceMs)}`,
    suspectSince === null
      ? 'the wall clock is believed'
      : `the wall clock is not believed since the trusted time was ${suspectSince}: nothing is allowed because of the age of an archive`,
  ].join('\n');
}
