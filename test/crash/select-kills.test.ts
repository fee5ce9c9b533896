import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { send } from '../support/raw-client.ts';
import { named, objectsIn } from '../support/select-output.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/topics.ts';
import { VAULT } from './archives.ts';
import { BUCKET, checkAllEnded, jobIdOf, queried, startQuery } from './queries.ts';
import { TIER_MS_MAX } from './tiers.ts';

/**
 * The server is killed, or asked to stop, while a query writes its results, and started again: in the end they are those of
 * a run that nothing has disturbed, and nothing else is beside them.
 */
const ENDS = ['kill', 'stop', 'kill', 'kill'] as const;
const LINES = 2 ** 20;
const BODY = Buffer.from(Array.from({ length: LINES }, (_, line) => `${line},${'x'.repeat(50)}\n`).join(''));
/** A stop breaks a query off instead of waiting for its end. */
const STOP_MS_MAX = 20_000;

test('a query that is broken off again and again has whole results in the end', { timeout: TIER_MS_MAX }, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'moraine-select-kills-'));
  try {
    const { jobId, path } = await started(dataDir);
    let brokenOff = 0;
    for (const end of ENDS) {
      await using server = await startServer({ dataDir });
      const midway = await until(
        async () => (await isEnded(server, jobId)) || isWriting(dataDir),
        'results on their way',
      );
      await sleep(brokenOff * 7);
      if (end === 'kill') await server.kill();
      else expect(await Promise.race([server.stop(), sleep(STOP_MS_MAX, 'too late')])).toBe(0);
      if (midway === 'writing') brokenOff += 1;
      // Whoever sees the manifest may rely on it, whatever happens to the server.
      const objects = objectsIn({ dataDir }, BUCKET);
      if (objects.has(`${path}result_manifest.txt`))
        expect(named(objects, { bucket: BUCKET, path })).toBe(BODY.toString());
    }
    expect(brokenOff).toBeGreaterThan(0);
    await using server = await startServer({ dataDir });
    await until(() => isEnded(server, jobId), 'the end of the job');
    expect(await checkAllEnded(server, BODY)).toEqual([jobId]);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});

async function started(dataDir: string): Promise<{ jobId: string; path: string }> {
  // A delay, so that no query has begun before the first server that is killed.
  await using server = await startServer({ dataDir, flags: ['--retrieval-times', 'standard=1s'] });
  const answer = await startQuery(server, await queried(server, BODY));
  return { jobId: jobIdOf(answer), path: answer.header('x-amz-job-output-path') ?? '' };
}

const incoming = (dataDir: string): string => join(dataDir, 'select-output', '.incoming');

function isWriting(dataDir: string): 'writing' | undefined {
  const folder = incoming(dataDir);
  return readdirSync(folder).some((name) => sizeOf(join(folder, name)) > 0) ? 'writing' : undefined;
}

/** 0 for what has just been moved away. */
const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

async function isEnded(server: TestServer, jobId: string): Promise<'ended' | undefined> {
  const { json } = await send(server, { method: 'GET', path: `${VAULT}/jobs/${jobId}` });
  return json.Completed === true ? 'ended' : undefined;
}
