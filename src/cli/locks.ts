import type { Command } from 'commander';
import { type AnswerOf, administer, commandGroup, operatorCommand } from './operator-command.ts';
import { plain, table } from './output.ts';

/** `moraine locks`: vault locks as they were recorded beside the bytes. Nothing here weakens one. */
export function locksCommand(): Command {
  return commandGroup('locks', {
    description: 'Completed vault locks, compared with the records kept beside the bytes.',
    commands: [list(), repair(), releaseOrphans()],
    examples: ['moraine locks list', 'moraine locks repair'],
  });
}

type ShownLock = AnswerOf<'locks.list'>['locks'][number];

const LOCK_COLUMNS: Record<string, (lock: ShownLock) => string | null> = {
  VAULT: ({ vault }) => vault,
  STATE: ({ state }) => state,
  RECORD: ({ record }) => (record === null ? null : String(record)),
  REASON: ({ reason }) => reason,
};

function list(): Command {
  const command = operatorCommand({
    usage: 'list',
    description: 'List every completed lock, and whether the metadata agree with its record.',
    examples: ['moraine locks list --json'],
  });
  return command.action(() =>
    administer(command, {
      name: 'locks.list',
      input: {},
      render: ({ locks, faults }) =>
        [
          table(locks, LOCK_COLUMNS, 'no vault is locked'),
          ...faults.map(({ number, fault }) => `lock record ${number} ${plain(fault)}`),
        ].join('\n'),
    }),
  );
}

function repair(): Command {
  const command = operatorCommand({
    usage: 'repair',
    description: 'Put the locks of sealed vaults back as they were recorded, never the other way round.',
    examples: ['moraine locks repair'],
  });
  return command.action(() =>
    administer(command, {
      name: 'locks.repair',
      input: {},
      render: ({ repaired, left }) => {
        const done = table(repaired, LOCK_COLUMNS, 'nothing was to be repaired');
        return left.length === 0 ? done : `${done}\n\nThese could not be repaired:\n${table(left, LOCK_COLUMNS, '')}`;
      },
    }),
  );
}

function releaseOrphans(): Command {
  const command = operatorCommand({
    usage: 'release-orphans',
    description:
      'Let bytes go that no row has mentioned for a week. Be sure that the metadata are the newest there are.',
    examples: ['moraine locks release-orphans'],
  });
  return command.action(() =>
    administer(command, {
      name: 'locks.release-orphans',
      input: {},
      render: ({ released }) => `blobs released: ${released}`,
    }),
  );
}
