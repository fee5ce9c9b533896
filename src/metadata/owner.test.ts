import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquireOwnership, DataDirHeldError } from './owner.ts';

const REFUSAL_MS_MAX = 1000;
const STARTED_AT = '2026-03-02T10:00:01.123Z';
const clock = { nowMs: () => Date.parse(STARTED_AT) };

let dataDir = '';
let children: ChildProcess[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'moraine-owner-'));
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  rmSync(dataDir, { recursive: true, force: true });
});

const acquire = () => acquireOwnership({ dataDir, description: 'serving 127.0.0.1:7400', clock });

/** A real second process that takes the directory and holds it until it is killed. */
async function holder(): Promise<ChildProcess> {
  const script = `
    const { acquireOwnership } = await import(${JSON.stringify(new URL('./owner.ts', import.meta.url).href)});
    globalThis.held = acquireOwnership({ dataDir: ${JSON.stringify(dataDir)}, description: 'serving [::1]:1' });
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

const refusal = (): string => {
  try {
    acquire()[Symbol.dispose]();
  } catch (error) {
    expect(error).toBeInstanceOf(DataDirHeldError);
    return (error as DataDirHeldError).message;
  }
  return 'acquired';
};

test('says who holds it while it does, and leaves only the lock file', () => {
  const owner = acquire();
  expect(readdirSync(dataDir).sort()).toEqual(['owner.json', 'owner.lock']);
  for (const name of readdirSync(dataDir)) expect(statSync(join(dataDir, name)).mode & 0o777).toBe(0o600);
  expect(refusal()).toMatch(
    new RegExp(
      `^the data directory ${dataDir} is held by process ${process.pid} on \\S+, serving 127.0.0.1:7400, since ${STARTED_AT}$`,
    ),
  );
  owner[Symbol.dispose]();
  expect(readdirSync(dataDir)).toEqual(['owner.lock']);
});

test('disposing twice does not disturb the next holder', () => {
  const first = acquire();
  first[Symbol.dispose]();
  using _second = acquire();
  first[Symbol.dispose]();
  expect(readdirSync(dataDir)).toContain('owner.json');
  expect(refusal()).toContain(`process ${process.pid}`);
});

test('another process is refused at once, and a killed one holds nothing', async () => {
  const child = await holder();
  const askedAtMs = performance.now();
  expect(refusal()).toContain(`is held by process ${child.pid} on `);
  expect(performance.now() - askedAtMs).toBeLessThan(REFUSAL_MS_MAX);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(readdirSync(dataDir)).toContain('owner.json');
  expect(refusal()).toBe('acquired');
});

test.each(['', '{', '{}', 'null', '{"pid":1,"host":"a\\nb","description":"c","startedAt":"d"}'])(
  'a holder that left %j is not named',
  (text) => {
    using _owner = acquire();
    writeFileSync(join(dataDir, 'owner.json'), text);
    expect(refusal()).toBe(
      `the data directory ${dataDir} is held by another process, which has not said which one it is`,
    );
  },
);

test('a lock file that cannot be one is an error, not a holder', () => {
  rmSync(dataDir, { recursive: true });
  expect(acquire).toThrow(`the data directory ${dataDir} cannot be locked: `);
  expect(acquire).not.toThrow(DataDirHeldError);
});
