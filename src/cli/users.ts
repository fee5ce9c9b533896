import type { Command } from 'commander';
import { accountOption, administer, commandGroup, operatorCommand } from './operator-command.ts';
import { table } from './output.ts';

/** `moraine users`: who acts within an account, with the rights that policies give. */
export function usersCommand(): Command {
  return commandGroup('users', {
    description: 'Users of an account. A user may do what its policies allow, and nothing without one.',
    commands: [create(), list(), remove()],
    examples: [
      'moraine users create ann',
      'moraine policies attach --user ann --name backup --document backup.json',
      'moraine keys create --user ann',
    ],
  });
}

function create(): Command {
  const command = operatorCommand({
    usage: 'create <name>',
    description: 'Make a user. It has no key yet and may do nothing.',
    examples: ['moraine users create ann', 'moraine users create ann --account 444455556666'],
  }).addOption(accountOption('that the user belongs to'));
  return command.action((name: string) =>
    administer(command, {
      name: 'users.create',
      input: { accountId: accountOf(command), name },
      render: ({ arn }) => `user ${name} is made: ${arn}`,
    }),
  );
}

function list(): Command {
  const command = operatorCommand({
    usage: 'list',
    description: 'List the users of an account.',
    examples: ['moraine users list --account 444455556666 --json'],
  }).addOption(accountOption('whose users are meant'));
  return command.action(() =>
    administer(command, {
      name: 'users.list',
      input: { accountId: accountOf(command) },
      render: ({ accountId, users }) =>
        table(
          users,
          { NAME: ({ name }) => name, CREATED: ({ createdAt }) => createdAt, ARN: ({ arn }) => arn },
          `the account ${accountId} has no users`,
        ),
    }),
  );
}

function remove(): Command {
  const command = operatorCommand({
    usage: 'delete <name>',
    description: 'Delete a user with its policies and keys.',
    examples: ['moraine users delete ann'],
  }).addOption(accountOption('that the user belongs to'));
  return command.action((name: string) =>
    administer(command, {
      name: 'users.delete',
      input: { accountId: accountOf(command), name },
      render: () => `user ${name} is deleted`,
    }),
  );
}

const accountOf = (command: Command): string | undefined => command.opts<{ account?: string }>().account;
