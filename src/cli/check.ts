import { Command } from 'commander';
import { loadConfig } from '../config/config.ts';
import { findDataDir } from '../config/data-dir.ts';
import { strangersIn } from '../config/strangers.ts';
import type { CheckStores, Watching } from '../core/check-stores.ts';
import type { Subset } from '../model/subset.ts';
import { maxDurationOption, subsetOption } from './check-options.ts';
import { CheckProgress } from './check-progress.ts';
import { CheckReport, type CheckSummary } from './check-report.ts';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-codes.ts';
import { addSettingOptionsNamed, flagsOf } from './setting-options.ts';
import { VerdictNotes } from './verdict-notes.ts';

/** `moraine check`: looks whether what is stored is sound, beside a running server or without one. It changes nothing. */
export function checkCommand(): Command {
  const command = new Command('check')
    .description(
      'Look whether what is stored hangs together, and with --read-data whether every byte is the one that was stored. ' +
        'Nothing is changed; damage is repaired by the scrub of a server with a mirror.',
    )
    .option('--read-data', 'read every byte and verify it')
    .addOption(subsetOption())
    .addOption(maxDurationOption())
    .option('--json', 'print JSON, for scripts')
    .addHelpText('after', HELP);
  return addSettingOptionsNamed(command, ['data-dir', 'mirror', 'encryption-key-command', 'config']).action(() =>
    check(command),
  );
}

const HELP = `
Exit codes: 0 nothing is wrong, 3 something is, 2 it cannot be run as it was given,
1 it failed unexpectedly.

Examples:
  moraine check
  moraine check --read-data --subset 3/12
  moraine check --read-data --subset 50G --max-duration 30m --json
`;

interface CheckOptions {
  readData?: true;
  subset?: Subset;
  maxDuration?: number;
  json?: true;
}

async function check(command: Command): Promise<void> {
  const options = command.opts<CheckOptions>();
  if (!options.readData && (options.subset !== undefined || options.maxDuration !== undefined)) {
    throw new CommandError('--subset and --max-duration are about --read-data');
  }
  const { config, secrets, origins } = loadConfig({ flags: flagsOf(command), env: process.env });
  const { path: dataDir } = findDataDir(config.dataDir);
  const { openForCheck } = await import('../arrange.ts');
  await using parts = new AsyncDisposableStack();
  const report = new CheckReport({ json: options.json === true, write: (text) => process.stdout.write(text) });
  try {
    const readsBytes = options.readData === true;
    const stores = await openForCheck(parts, { config, secrets, origins, dataDir, readsBytes });
    report.begin();
    report.end(await run(stores, { dataDir, options, report }));
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    const { finding } = await import('../core/check.ts');
    report.found(finding('metadata', { state: 'damaged', what: `the metadata cannot be read: ${error.message}` }));
    report.end({ archives: 0, findings: report.count, orphans: 0, strangers: 0, read: null });
  }
  if (report.count > 0) process.exitCode = exitCodes.attention;
}

/** Of SQLite: SQLITE_CORRUPT and SQLITE_NOTADB. */
const UNREADABLE = [11, 26];

function isUnreadable(error: unknown): error is Error {
  return error instanceof Error && 'errcode' in error && UNREADABLE.includes(Number(error.errcode) & 0xff);
}

interface Running {
  dataDir: string;
  options: CheckOptions;
  report: CheckReport;
}

async function run(stores: CheckStores, { dataDir, options, report }: Running): Promise<CheckSummary> {
  const { checkStructure, countOrphans } = await import('../core/check.ts');
  using progress = new CheckProgress(process.stderr);
  const watching = progress.watching();
  for await (const found of checkStructure(stores, watching)) report.found(found);
  const { archives } = progress;
  const read = options.readData ? await readData(stores, { dataDir, options, report, progress, watching }) : null;
  const orphans = await countOrphans(stores, watching);
  let strangers = 0;
  for await (const path of strangersIn(dataDir)) {
    strangers += 1;
    report.stranger(path);
  }
  return { archives, findings: report.count, orphans, strangers, read };
}

async function readData(
  stores: CheckStores,
  { dataDir, options, report, progress, watching }: Running & { progress: CheckProgress; watching: Watching },
): Promise<CheckSummary['read']> {
  const { readArchives } = await import('../core/check-reading.ts');
  const { finding } = await import('../core/check.ts');
  const { subset = { kind: 'all' }, maxDuration } = options;
  const stop = new AbortController();
  const timer = maxDuration === undefined ? undefined : setTimeout(() => stop.abort(), maxDuration);
  const notes = new VerdictNotes(dataDir);
  const done = { archives: 0, bytes: 0 };
  const oldestFirst = maxDuration !== undefined && subset.kind !== 'part';
  for await (const read of readArchives(stores, { subset, oldestFirst, signal: stop.signal, watching })) {
    if (read === undefined) continue;
    const { archive, fixity } = read;
    done.archives += 1;
    done.bytes += archive.sizeBytes;
    if (fixity.state === 'damaged' || fixity.state === 'missing') {
      report.found(finding('archive', fixity, { vault: archive.vault, id: archive.id }));
    }
    await notes.add({ archiveKey: archive.key, archiveId: archive.id, fixity });
  }
  await notes.end();
  clearTimeout(timer);
  progress.hide();
  return { ...done, wholeSubset: !stop.signal.aborted, noted: notes.noted };
}
