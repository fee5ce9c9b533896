import { parseArgs } from 'node:util';
import { authorisation } from './authorisation.ts';
import { bytes } from './bytes.ts';
import { completion } from './jobs/completion.ts';
import { initiate } from './jobs/initiate.ts';
import { inventory } from './jobs/inventory.ts';
import { listJobs } from './jobs/list-jobs.ts';
import { memory } from './memory.ts';
import { policy } from './policy.ts';
import { rebuild } from './rebuild.ts';
import { Report, type Row } from './report.ts';
import { selectMemory } from './select/memory.ts';
import { select } from './select/select.ts';
import { start } from './start.ts';

/** `npm run bench`; docs/performance.md says how to read what it prints. */
const GROUPS: Record<string, (options: { quick: boolean }) => Promise<Row[]>> = {
  start,
  jobs: listJobs,
  initiate,
  completion,
  inventory,
  bytes,
  memory,
  select,
  'select-memory': selectMemory,
  policy,
  authorisation,
  rebuild,
};
const USAGE = `usage: npm run bench -- [${Object.keys(GROUPS).join(' | ')}] ... [--quick] [--json]
  without a group, all of them
  --quick  smaller sizes and fewer rounds: to see that it works, not to compare
  --json   one line a figure: {"bench","case","value","unit","ratio","against"}
`;
const EXIT_USAGE = 2;

function parsed() {
  try {
    const { values, positionals } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
      allowPositionals: true,
    });
    const unknown = positionals.find((name) => !Object.hasOwn(GROUPS, name));
    if (unknown !== undefined) throw new Error(`there is no group ${unknown}`);
    return { ...values, groups: positionals.length > 0 ? positionals : Object.keys(GROUPS) };
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n${USAGE}`);
    return process.exit(EXIT_USAGE);
  }
}

const { quick, json, help, groups } = parsed();
if (help) {
  process.stdout.write(USAGE);
} else {
  const report = new Report({ json });
  for (const group of groups) report.print(group, (await GROUPS[group]?.({ quick })) ?? []);
}
