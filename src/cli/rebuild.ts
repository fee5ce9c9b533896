import type { Command } from 'commander';
import { loadConfig } from '../config/config.ts';
import type { RebuildProblem, RebuildReport } from '../core/rebuild-report.ts';
import { SECOND_MS } from '../model/limits.ts';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-codes.ts';
import { operatorCommand } from './operator-command.ts';
import { json, plain, print } from './output.ts';
import { flagsOf } from './setting-options.ts';

const PROGRESS_PAUSE_MS = 5 * SECOND_MS;
/** Of the lines that JSON repeats; all of them are on stderr. */
const PROBLEMS_SHOWN_MAX = 1000;

/** `moraine rebuild`: the metadata made again from the bytes. */
export function rebuildCommand(): Command {
  const command = operatorCommand({
    usage: 'rebuild',
    description:
      'Make the metadata again from the bytes: vaults, archives and locks that no row mentions are added. ' +
      'The server must not be running. What the metadata know is not changed.',
    settings: ['data-dir', 'mirror', 'encryption-key-command', 'config'],
    examples: ['moraine rebuild --data-dir /srv/moraine --dry-run', 'moraine rebuild --data-dir /srv/moraine'],
  });
  command.option('--dry-run', 'tell what would be added, and add nothing');
  return command.action(() => rebuild(command));
}

async function rebuild(command: Command): Promise<void> {
  const { config, secrets } = loadConfig({ flags: flagsOf(command), env: process.env });
  const { dryRun = false, json: asJson = false } = command.opts<{ dryRun?: true; json?: true }>();
  const { rebuildMetadata } = await import('../rebuild.ts');
  const problems: RebuildProblem[] = [];
  const report = await rebuildMetadata({
    config,
    secrets,
    dryRun,
    onProgress: progressOnStderr(),
    onProblem: (problem) => {
      process.stderr.write(`${problem.kind}: ${plain(problem.text)}\n`);
      if (problems.length < PROBLEMS_SHOWN_MAX) problems.push(problem);
    },
  });
  print(asJson ? json({ dryRun, ...report, lines: problems }) : rendered(report, dryRun));
  const { damaged, missing, conflicts } = report.problems;
  const count = damaged + missing + conflicts;
  if (count === 0) return;
  const found = count === 1 ? '1 problem was' : `${count} problems were`;
  throw new CommandError(`${found} found, see above`, { exitCode: exitCodes.attention });
}

/** A line now and then, so that whoever waits for many blobs sees that it goes on. */
function progressOnStderr(): (report: RebuildReport) => void {
  let toldAt = performance.now();
  return ({ blobs, archives }) => {
    if (performance.now() - toldAt < PROGRESS_PAUSE_MS) return;
    toldAt = performance.now();
    process.stderr.write(`${blobs} blobs looked at, ${archives.restored} archives added\n`);
  };
}

function rendered({ blobs, vaults, archives, locks, left, problems }: RebuildReport, dryRun: boolean): string {
  const added = dryRun ? 'would be added' : 'added';
  const lines: [string, string][] = [
    ['vaults', `${vaults.restored} ${added}, ${vaults.known} known`],
    ['archives', `${archives.restored} ${added} (${archives.bytesRestored} bytes), ${archives.known} known`],
    ['deleted', `${archives.deleted} archives that the metadata know as deleted, left deleted`],
    ['locks', `${locks.restored} ${dryRun ? 'would be put back' : 'put back'} of ${locks.recorded} recorded`],
    ['blobs', `${blobs} looked at`],
    ['left alone', `${left.parts} parts of unfinished uploads, ${left.outputs} outputs of jobs`],
    ['', `${left.lists} lists of parts whose parts are gone`],
    ['', `${left.undescribed} blobs without a description, as earlier versions wrote them`],
    ['', `${left.otherVaults} archives of vaults whose name another one has`],
    ['damaged', String(problems.damaged)],
    ['missing', String(problems.missing)],
    ['conflicts', String(problems.conflicts)],
  ];
  return lines.map(([name, text]) => `${name.padEnd(11)} ${text}`).join('\n');
}
