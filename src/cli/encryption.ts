import type { Command } from 'commander';
import type { Rotated } from '../blobs/rotate-keys.ts';
import { loadConfig } from '../config/config.ts';
import { findDataDir } from '../config/data-dir.ts';
import type { EncryptionKeys } from '../config/encryption-keys.ts';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-codes.ts';
import { commandGroup, operatorCommand } from './operator-command.ts';
import { json, plain, print, table } from './output.ts';
import { flagsOf } from './setting-options.ts';

/** `moraine encryption`: the keys that archives are encrypted under. Neither command needs a server. */
export function encryptionCommand(): Command {
  return commandGroup('encryption', {
    description: 'The keys that archives are encrypted under on the disk.',
    commands: [show(), rotate()],
    examples: ['moraine encryption show', 'moraine encryption rotate'],
  });
}

function show(): Command {
  const command = operatorCommand({
    usage: 'show',
    description:
      'Show which keys there are, where they come from, and which of them archives need. Keys are never shown.',
    settings: ['data-dir', 'encryption', 'encryption-key-command', 'mirror', 'config'],
    examples: ['moraine encryption show --json'],
  });
  return command.action(async () => {
    const shown = await shownKeys(command);
    print(command.opts<{ json?: true }>().json ? json(shown) : render(shown));
  });
}

interface ShownKeys {
  encryption: string;
  source: EncryptionKeys['source'];
  /** A key that is needed and not here is lost, or has to be put back. */
  keys: { keyId: string; current: boolean; needed: boolean; here: boolean }[];
}

/** Reads only, so it may be asked beside a server that runs. */
async function shownKeys(command: Command): Promise<ShownKeys> {
  const { config, secrets } = loadConfig({ flags: flagsOf(command), env: process.env });
  const { path: dataDir } = findDataDir(config.dataDir);
  const { keysOf } = await import('../arrange.ts');
  const { masterKeyId } = await import('../blobs/key-wrap.ts');
  const { keys, record } = keysOf({ config, secrets, dataDir });
  const here = keys.find().map(masterKeyId);
  return {
    encryption: config.encryption,
    source: keys.source,
    keys: [...new Set([...here, ...record.keyIds])].map((keyId) => ({
      keyId,
      current: keyId === here[0],
      needed: record.keyIds.includes(keyId),
      here: here.includes(keyId),
    })),
  };
}

const SOURCES = {
  environment: 'MORAINE_ENCRYPTION_KEY',
  command: 'the command of --encryption-key-command',
  file: 'encryption.key in the data directory',
};

function render({ encryption, source, keys }: ShownKeys): string {
  const columns = {
    KEY: ({ keyId }: ShownKeys['keys'][number]) => keyId,
    STATE: ({ current, here }: ShownKeys['keys'][number]) => {
      if (!here) return 'missing';
      return current ? 'current' : 'decrypts only';
    },
    NEEDED: ({ needed }: ShownKeys['keys'][number]) => (needed ? 'yes' : 'no'),
  };
  return [
    `encryption of new archives  ${encryption}`,
    `keys come from              ${SOURCES[source]}`,
    '',
    table(keys, columns, 'no keys: the first archive that is encrypted makes one'),
  ].join('\n');
}

function rotate(): Command {
  const command = operatorCommand({
    usage: 'rotate',
    description:
      'Change the key: wrap the keys of all archives with a new one, then drop the old one. The server must be stopped. ' +
      'When it was interrupted, run it again.',
    settings: ['data-dir', 'mirror', 'encryption-key-command', 'config'],
    examples: ['moraine encryption rotate'],
  });
  return command.action(async () => {
    const given = loadConfig({ flags: flagsOf(command), env: process.env });
    const { rotateOffline } = await import('../rotation.ts');
    const rotated = await rotateOffline({ ...given, onProgress });
    const failed = [...rotated.failed].map(([blobId, what]) => ({ blobId, what }));
    print(command.opts<{ json?: true }>().json ? json({ ...rotated, failed }) : renderRotated(rotated));
    if (failed.length === 0) return;
    throw new CommandError(
      `${failed.length} blobs still need the keys of before, which are kept: the first is ${failed[0]?.blobId}, ` +
        `${plain(failed[0]?.what ?? '')}; when they are repaired or deleted, run this again`,
      { exitCode: exitCodes.attention },
    );
  });
}

/** On stderr, for people who wait. */
function onProgress(lookedAt: number): void {
  if (process.stderr.isTTY) process.stderr.write(`${lookedAt} blobs looked at\n`);
}

function renderRotated({ keyId, retiredKeyIds, rewrapped, current }: Rotated): string {
  const retired =
    retiredKeyIds.length === 0
      ? 'no key was retired'
      : `no longer needed: ${retiredKeyIds.join(', ')}, except by copies of the bytes from before`;
  return [`current key       ${keyId}`, `blobs rewrapped   ${rewrapped}, and ${current} had it already`, retired].join(
    '\n',
  );
}
