import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../config/durations.ts';
import { credentialLines } from './credential-lines.ts';
import { readDocument } from './document.ts';
import { accountOption, administer, commandGroup, operatorCommand } from './operator-command.ts';
import { table } from './output.ts';

/** `moraine keys`: what signs requests. */
export function keysCommand(): Command {
  return commandGroup('keys', {
    description: 'Access keys, of users and of the roots of accounts. Changes count within 5 seconds.',
    commands: [create(), list(), ...changes(), rotate()],
    examples: [
      'moraine keys create --user ann >> ~/.aws/credentials   # below a line [ann]',
      'moraine keys create --user ann --expires 1h',
      'moraine keys rotate AKIAIOSFODNN7EXAMPLE',
      'moraine keys disable AKIAIOSFODNN7EXAMPLE',
    ],
  });
}

function create(): Command {
  const command = operatorCommand({
    usage: 'create',
    description: 'Make a key and show its secret, this once, as lines of a credentials file.',
    examples: [
      'moraine keys create --user ann',
      'moraine keys create --user ann --expires 1h --session-policy read-only.json --json',
    ],
  })
    .option('--user <name>', 'the user it is for; without it, the root of the account')
    .addOption(accountOption('it is for'))
    .addOption(expiresOption())
    .option('--session-policy <file>', 'narrows what a temporary key may do; - reads stdin');
  return command.action(async () => {
    const { user, account, expires, sessionPolicy } = command.opts<CreateOptions>();
    const document = sessionPolicy === undefined ? undefined : await readDocument(sessionPolicy);
    await administer(command, {
      name: 'keys.create',
      input: { accountId: account, user, expiresInMs: expires, sessionPolicy: document },
      render: (key) => credentialLines(key, user === undefined ? 'root of the account' : `user ${user}`),
      secretKeyIn: ({ accessKeyId }) => accessKeyId,
    });
  });
}

interface CreateOptions {
  user?: string;
  account?: string;
  expires?: number;
  sessionPolicy?: string;
}

function expiresOption(): Option {
  return new Option('--expires <duration>', 'makes it temporary, with a session token: 15m, 1h').argParser(
    (text: string) => {
      const durationMs = parseDuration(text);
      if (durationMs === undefined) throw new InvalidArgumentError('It must be a duration like 15m or 1h.');
      return durationMs;
    },
  );
}

function list(): Command {
  const command = operatorCommand({
    usage: 'list',
    description: 'List the keys of an account, without their secrets.',
    examples: ['moraine keys list --user ann', 'moraine keys list --account 444455556666 --json'],
  })
    .option('--user <name>', 'only those of this user')
    .addOption(accountOption('whose keys are meant'));
  return command.action(async () => {
    const { user, account } = command.opts<{ user?: string; account?: string }>();
    await administer(command, {
      name: 'keys.list',
      input: { accountId: account, user },
      render: ({ keys }) => table(keys, KEY_COLUMNS, 'no keys'),
    });
  });
}

interface ShownKey {
  accessKeyId: string;
  user: string | null;
  createdAt: string | null;
  expiresAt: string | null;
  disabledAt: string | null;
}

const KEY_COLUMNS: Record<string, (key: ShownKey) => string | null> = {
  KEY: ({ accessKeyId }) => accessKeyId,
  USER: ({ user }) => user ?? '(root)',
  CREATED: ({ createdAt }) => createdAt,
  EXPIRES: ({ expiresAt }) => expiresAt,
  STATE: ({ disabledAt }) => (disabledAt === null ? 'enabled' : `disabled since ${disabledAt}`),
};

const CHANGES = [
  { word: 'disable', name: 'keys.disable', done: 'disabled', description: 'Refuse requests that a key signs.' },
  { word: 'enable', name: 'keys.enable', done: 'enabled', description: 'Let a disabled key sign again.' },
  { word: 'delete', name: 'keys.delete', done: 'deleted', description: 'Delete a key for good.' },
] as const;

function changes(): Command[] {
  return CHANGES.map(({ word, name, done, description }) => {
    const command = operatorCommand({
      usage: `${word} <id>`,
      description,
      examples: [`moraine keys ${word} AKIAIOSFODNN7EXAMPLE`],
    });
    return command.action((accessKeyId: string) =>
      administer(command, { name, input: { accessKeyId }, render: () => `key ${accessKeyId} is ${done}` }),
    );
  });
}

function rotate(): Command {
  const command = operatorCommand({
    usage: 'rotate <id>',
    description: 'Make a new key for whoever has this one, which is disabled. The secret is shown this once.',
    examples: ['moraine keys rotate AKIAIOSFODNN7EXAMPLE'],
  });
  return command.action((accessKeyId: string) =>
    administer(command, {
      name: 'keys.rotate',
      input: { accessKeyId },
      render: (key) => credentialLines(key, `in place of ${accessKeyId}`),
      secretKeyIn: (key) => key.accessKeyId,
    }),
  );
}
