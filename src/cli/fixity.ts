import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { loadConfig } from '../config/config.ts';
import { findDataDir } from '../config/data-dir.ts';
import { type FixityEvent, VERDICT_STATES } from '../model/fixity.ts';
import { DAY_MS } from '../model/limits.ts';
import { type AnswerOf, accountOption, administer, commandGroup, operatorCommand } from './operator-command.ts';
import { plain } from './output.ts';
import { flagsOf } from './setting-options.ts';

/** `moraine fixity`: whether the bytes of archives are still those that were stored, and who found that out when. */
export function fixityCommand(): Command {
  return commandGroup('fixity', {
    description: 'When archives were verified, and what came of it.',
    commands: [status(), damaged(), events()],
    examples: ['moraine fixity status', 'moraine fixity damaged', 'moraine fixity events --vault photos --json'],
  });
}

function status(): Command {
  const command = operatorCommand({
    usage: 'status',
    description: 'Show how far the scrub has come.',
    examples: ['moraine fixity status --json'],
  });
  return command.action(() => administer(command, { name: 'fixity.status', input: {}, render: renderStatus }));
}

function renderStatus({ scrubEveryMs, nextPassAt, pass, lastPass }: AnswerOf<'fixity.status'>): string {
  const lines = [
    scrubEveryMs === null ? 'the scrub is off' : `the scrub reads every archive within ${scrubEveryMs / DAY_MS} days`,
  ];
  if (pass !== null) {
    const share = `${(pass.share * 100).toFixed(1)} %`;
    lines.push(
      `since ${pass.startedAt}: ${pass.archives} of ${pass.archivesOfPass} archives, ${share}; ${pass.damaged} damaged`,
    );
  } else if (nextPassAt !== null) lines.push(`the next pass begins at ${nextPassAt}`);
  if (lastPass !== null) {
    lines.push(
      `the last pass ended at ${lastPass.endedAt}: ${lastPass.archives} archives, ${lastPass.damaged} damaged`,
    );
  }
  return lines.join('\n');
}

function damaged(): Command {
  const command = operatorCommand({
    usage: 'damaged',
    description: 'List archives that are damaged, or of which bytes are missing.',
    examples: ['moraine fixity damaged --json'],
  });
  return command.action(() =>
    administer(command, {
      name: 'fixity.damaged',
      input: {},
      render: ({ archives, more }) => {
        const lines = archives.map(
          ({ result, damagedSince, accountId, vault, archiveId, what }) =>
            `${result} since ${damagedSince}  ${accountId}/${vault}/${archiveId}  ${plain(what ?? '')}`,
        );
        if (lines.length === 0) return 'no archive is known to be damaged';
        return [...lines, ...(more ? ['and more'] : [])].join('\n');
      },
    }),
  );
}

function events(): Command {
  const command = operatorCommand({
    usage: 'events',
    description: 'Show the fixity log, the oldest event first; with --json one JSON object a line. It needs no server.',
    examples: ['moraine fixity events --result damaged', 'moraine fixity events --archive ID --json'],
  })
    .option('--archive <id>', 'of this archive only')
    .option('--vault <name>', 'of archives in this vault only')
    .addOption(accountOption('of the vault'))
    .addOption(new Option('--result <result>', 'with this result only').choices(VERDICT_STATES));
  return command.action(() => showEvents(command));
}

interface EventOptions {
  archive?: string;
  vault?: string;
  account?: string;
  result?: string;
  json?: true;
}

async function showEvents(command: Command): Promise<void> {
  const wanted = command.opts<EventOptions>();
  const { config } = loadConfig({ flags: flagsOf(command), env: process.env });
  const { path: dataDir } = findDataDir(config.dataDir);
  const { readFixityLog } = await import('../telemetry/fixity-log.ts');
  for await (const event of readFixityLog(join(dataDir, 'fixity'))) {
    if (!isWanted(event, wanted)) continue;
    const line = wanted.json ? JSON.stringify(event) : lineOf(event);
    if (!process.stdout.write(`${line}\n`)) await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
}

const isWanted = (event: FixityEvent, { archive, vault, account, result }: EventOptions): boolean =>
  [
    [archive, event.archiveId],
    [vault, event.vault],
    [account, event.account],
    [result, event.result],
  ].every(([asked, found]) => asked === undefined || asked === found);

const lineOf = ({ at, by, result, account, vault, archiveId, what }: FixityEvent): string =>
  [at, by, result, `${account}/${vault}/${archiveId}`, ...(what === null ? [] : [plain(what)])].join('  ');
