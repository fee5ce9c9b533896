import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { runProgram } from '../support/program.ts';
import type { TestServer } from '../support/server.ts';

const CHECK_MS_MAX = 300_000;
/** A pass that has begun may have passed by what is damaged now. */
const PASSES = 2;
/** A server with this flag scrubs all the time. */
export const SCRUBBING = ['--scrub-every', '1s'];

/** The archives that `moraine check --read-data` finds damaged or missing. What it finds otherwise fails the test. */
export async function namedByCheck({ dataDir, mirror }: { dataDir: string; mirror?: string }): Promise<Set<string>> {
  const { code, stdout, stderr } = await runProgram(['check', '--read-data', '--json', '--data-dir', dataDir], {
    env: mirror === undefined ? {} : { MORAINE_MIRROR: mirror },
    msMax: CHECK_MS_MAX,
  });
  expect(stderr).toBe('');
  const { findings } = JSON.parse(stdout) as { findings: { kind: string; archiveId: string }[] };
  expect(findings.filter(({ kind }) => kind !== 'archive')).toEqual([]);
  expect(code).toBe(findings.length === 0 ? 0 : 3);
  return new Set(findings.map(({ archiveId }) => archiveId));
}

/** Waits until the scrub of a server that was started with `SCRUBBING` has been through everything. */
export async function scrubbed(server: TestServer, msMax: number): Promise<void> {
  for (const giveUpAt = Date.now() + msMax; ; await sleep(50)) {
    if (server.stderr().split('the scrub is through').length > PASSES) return;
    if (Date.now() > giveUpAt) throw new Error(`the scrub does not come to its end: ${server.stderr()}`);
  }
}

/** The archives that the fixity log has an event about, with this result. */
export async function namedByFixityLog(
  dataDir: string,
  result: 'repaired' | 'damaged' | 'missing',
): Promise<Set<string>> {
  const words = ['fixity', 'events', '--data-dir', dataDir, '--result', result, '--json'];
  const { code, stdout, stderr } = await runProgram(words);
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return new Set(lines.map((line) => (JSON.parse(line) as { archiveId: string }).archiveId));
}
