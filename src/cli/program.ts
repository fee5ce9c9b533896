import { Command } from 'commander';
import { version } from '../config/version.ts';
import { accountsCommand } from './accounts.ts';
import { backupCommand } from './backup.ts';
import { checkCommand } from './check.ts';
import { clockCommand } from './clock.ts';
import { doctorCommand } from './doctor.ts';
import { encryptionCommand } from './encryption.ts';
import { fixityCommand } from './fixity.ts';
import { keysCommand } from './keys.ts';
import { locksCommand } from './locks.ts';
import { policiesCommand } from './policies.ts';
import { rebuildCommand } from './rebuild.ts';
import { serveCommand } from './serve.ts';
import { topicsCommand } from './topics.ts';
import { usersCommand } from './users.ts';

const COMMANDS = [
  serveCommand,
  accountsCommand,
  usersCommand,
  policiesCommand,
  keysCommand,
  topicsCommand,
  locksCommand,
  clockCommand,
  encryptionCommand,
  backupCommand,
  rebuildCommand,
  doctorCommand,
  checkCommand,
  fixityCommand,
];

/** The `moraine` program. Commander throws instead of exiting, and main.ts alone decides how the process ends. */
export function makeProgram(): Command {
  const program = new Command('moraine')
    .description('A self-hosted cold-archive server that speaks the Amazon Glacier vault API.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureOutput({ outputError: () => {} })
    .exitOverride();
  for (const command of COMMANDS) program.addCommand(command());
  inherit(program);
  return program;
}

function inherit(parent: Command): void {
  for (const command of parent.commands) inherit(command.copyInheritedSettings(parent));
}
