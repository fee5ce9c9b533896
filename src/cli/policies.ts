import type { Command } from 'commander';
import { checkCommand } from './check-policy.ts';
import { readDocument } from './document.ts';
import { accountOption, administer, commandGroup, operatorCommand } from './operator-command.ts';
import { plain, table } from './output.ts';

/** `moraine policies`: what users may do, and documents tried before they are set. */
export function policiesCommand(): Command {
  return commandGroup('policies', {
    description: 'What users may do: the policies attached to them.',
    commands: [attach(), detach(), list(), show(), reset(), checkCommand()],
    examples: [
      'moraine policies check backup.json',
      'moraine policies attach --user ann --name backup --document backup.json',
      'moraine policies show --user ann --name backup',
      'moraine policies check lock.json --kind lock --vault photos',
    ],
  });
}

interface PolicyOptions {
  user: string;
  name: string;
  account?: string;
}

/** The options that say which policy, or whose policies, are meant. */
function ofUser(command: Command): Command {
  return command.requiredOption('--user <name>', 'the user').addOption(accountOption('that the user belongs to'));
}

function ofPolicy(command: Command): Command {
  return ofUser(command).requiredOption('--name <policy>', 'the name of the policy');
}

function meant(command: Command): { accountId: string | undefined; user: string; name: string } {
  const { account, user, name } = command.opts<PolicyOptions>();
  return { accountId: account, user, name };
}

function attach(): Command {
  const command = ofPolicy(
    operatorCommand({
      usage: 'attach',
      description: 'Give a user a policy. One of that name is replaced.',
      examples: [
        'moraine policies attach --user ann --name backup --document backup.json',
        'cat backup.json | moraine policies attach --user ann --name backup --document -',
      ],
    }),
  ).requiredOption('--document <file>', 'the policy, as JSON; - reads stdin');
  return command.action(async () => {
    const document = await readDocument(command.opts<{ document: string }>().document);
    const input = meant(command);
    await administer(command, {
      name: 'policies.attach',
      input: { ...input, document },
      render: () => `policy ${input.name} is attached to user ${input.user}`,
    });
  });
}

function detach(): Command {
  const command = ofPolicy(
    operatorCommand({
      usage: 'detach',
      description: 'Take a policy from a user.',
      examples: ['moraine policies detach --user ann --name backup'],
    }),
  );
  return command.action(async () => {
    const input = meant(command);
    await administer(command, {
      name: 'policies.detach',
      input,
      render: () => `policy ${input.name} is detached from user ${input.user}`,
    });
  });
}

function list(): Command {
  const command = ofUser(
    operatorCommand({
      usage: 'list',
      description: 'List the policies of a user.',
      examples: ['moraine policies list --user ann'],
    }),
  );
  return command.action(async () => {
    const { accountId, user } = meant(command);
    await administer(command, {
      name: 'policies.list',
      input: { accountId, user },
      render: ({ policies }) =>
        table(
          policies,
          { NAME: ({ name }) => name, ATTACHED: ({ attachedAt }) => attachedAt },
          `user ${plain(user)} has no policies`,
        ),
    });
  });
}

function show(): Command {
  const command = ofPolicy(
    operatorCommand({
      usage: 'show',
      description: 'Print a policy as it was attached.',
      examples: ['moraine policies show --user ann --name backup > backup.json'],
    }),
  );
  return command.action(() =>
    administer(command, { name: 'policies.show', input: meant(command), render: ({ document }) => document }),
  );
}

function reset(): Command {
  const command = operatorCommand({
    usage: 'reset',
    description: 'Take the access policy from a vault, also when that policy lets nobody do so. A vault lock stays.',
    examples: ['moraine policies reset --vault photos'],
  })
    .requiredOption('--vault <name>', 'the vault')
    .addOption(accountOption('that owns the vault'));
  return command.action(async () => {
    const { vault, account } = command.opts<{ vault: string; account?: string }>();
    await administer(command, {
      name: 'policies.reset',
      input: { accountId: account, vault },
      render: () => `the vault ${plain(vault)} has no access policy now`,
    });
  });
}
