import type { Command } from 'commander';
import { credentialLines } from './credential-lines.ts';
import { administer, commandGroup, operatorCommand } from './operator-command.ts';
import { table } from './output.ts';

/** `moraine accounts`: who owns vaults. */
export function accountsCommand(): Command {
  return commandGroup('accounts', {
    description: 'Accounts: each owns vaults, and has users and keys of its own.',
    commands: [create(), list(), ...changes()],
    examples: [
      'moraine accounts create --name research',
      'moraine accounts list',
      'moraine accounts disable 444455556666',
    ],
  });
}

function create(): Command {
  const command = operatorCommand({
    usage: 'create',
    description: 'Make an account, and a key for its root. The secret is shown this once.',
    examples: ['moraine accounts create --id 444455556666 --name research'],
  })
    .option('--id <id>', 'its number, 12 digits; drawn when none is given')
    .option('--name <name>', 'a name, for people');
  return command.action(async () => {
    const { id, name } = command.opts<{ id?: string; name?: string }>();
    await administer(command, {
      name: 'accounts.create',
      input: { accountId: id, name },
      render: ({ account, key }) => credentialLines(key, `root of the account ${account.accountId}`),
      secretKeyIn: ({ key }) => key.accessKeyId,
    });
  });
}

function list(): Command {
  const command = operatorCommand({
    usage: 'list',
    description: 'List all accounts.',
    examples: ['moraine accounts list --json'],
  });
  return command.action(() =>
    administer(command, {
      name: 'accounts.list',
      input: {},
      render: ({ accounts }) =>
        table(
          accounts,
          {
            ACCOUNT: ({ accountId }) => accountId,
            NAME: ({ name }) => name,
            CREATED: ({ createdAt }) => createdAt,
            STATE: ({ disabledAt }) => (disabledAt === null ? 'enabled' : `disabled since ${disabledAt}`),
          },
          'no accounts',
        ),
    }),
  );
}

const CHANGES = [
  {
    word: 'disable',
    name: 'accounts.disable',
    done: 'disabled',
    description: 'Refuse every request of an account. Its vaults stay, and jobs that run go on.',
  },
  { word: 'enable', name: 'accounts.enable', done: 'enabled', description: 'Let a disabled account in again.' },
  {
    word: 'delete',
    name: 'accounts.delete',
    done: 'deleted',
    description: 'Delete an account that has neither vaults nor users, with the keys of its root.',
  },
] as const;

function changes(): Command[] {
  return CHANGES.map(({ word, name, done, description }) => {
    const command = operatorCommand({
      usage: `${word} <id>`,
      description,
      examples: [`moraine accounts ${word} 444455556666`],
    });
    return command.action((accountId: string) =>
      administer(command, { name, input: { accountId }, render: () => `account ${accountId} is ${done}` }),
    );
  });
}
