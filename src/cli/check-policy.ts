import { type Command, Option } from 'commander';
import { loadConfig } from '../config/config.ts';
import { GlacierError } from '../model/errors.ts';
import { isVaultName, vaultArn } from '../model/vaults.ts';
import type { PolicyOwner } from '../policy/statement.ts';
import { CommandError } from './command-error.ts';
import { readDocument } from './document.ts';
import { accountOption, operatorCommand } from './operator-command.ts';
import { json, plain, print } from './output.ts';
import { flagsOf } from './setting-options.ts';

/** `moraine policies check`: tells the fault of a document before it is set. It needs neither server nor data directory. */
export function checkCommand(): Command {
  const command = operatorCommand({
    usage: 'check <file>',
    description: 'Say whether a document is a policy that can be enforced, and if not, what is wrong with it.',
    settings: ['region', 'config'],
    examples: ['moraine policies check lock.json --kind lock --vault photos'],
  })
    .addOption(
      new Option('--kind <kind>', 'what it is for: users, the access policy of a vault, the lock of a vault')
        .choices(KINDS)
        .default('identity'),
    )
    .option('--vault <name>', 'the vault that an access policy or a lock is for')
    .addOption(accountOption('of the vault'));
  return command.action((file: string) => check(command, file));
}

const KINDS = ['identity', 'access', 'lock'] as const;

async function check(command: Command, file: string): Promise<void> {
  const { kind, vault, json: asJson } = command.opts<{ kind: Kind; vault?: string; json?: true }>();
  const owner = ownerOf(command, kind, vault);
  const document = await readDocument(file);
  const { compilePolicy } = await import('../policy/compile.ts');
  try {
    compilePolicy(document, owner);
  } catch (error) {
    if (error instanceof GlacierError) throw new CommandError(error.message, { cause: error });
    throw error;
  }
  print(asJson ? json({ valid: true, kind }) : `${plain(file)}: a valid ${KIND_NAMES[kind]}`);
}

type Kind = (typeof KINDS)[number];
const KIND_NAMES = { identity: 'identity policy', access: 'vault access policy', lock: 'vault lock policy' };

function ownerOf(command: Command, kind: Kind, vault: string | undefined): PolicyOwner {
  if (kind === 'identity') {
    if (vault !== undefined) throw new CommandError('--vault is for the kinds access and lock');
    return { kind };
  }
  if (vault === undefined) throw new CommandError(`--kind ${kind} needs --vault, the vault that the policy is for`);
  if (!isVaultName(vault)) throw new CommandError(`--vault must be the name of a vault, not ${JSON.stringify(vault)}`);
  const { config } = loadConfig({ flags: flagsOf(command), env: process.env });
  const { account = config.accountId } = command.opts<{ account?: string }>();
  return { kind, vaultArn: vaultArn({ region: config.region, accountId: account, name: vault }) };
}
