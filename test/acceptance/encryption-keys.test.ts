import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { operatorOf } from '../support/operator.ts';
import { runProgram } from '../support/program.ts';
import { startServer } from '../support/server.ts';

/** Where encryption keys come from, and what a server does whose keys do not fit. */
const directory = mkdtempSync(join(tmpdir(), 'moraine-keys-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const KEY = randomBytes(32).toString('base64');
const OTHER = randomBytes(32).toString('hex');

const serve = (name: string, flags: string[], env: Record<string, string> = {}) =>
  runProgram(['serve', '--listen', '127.0.0.1:0', '--data-dir', join(directory, name), ...flags], { env });

test.each<[string, string[], Record<string, string>, string]>([
  [
    'two sources',
    ['--encryption-key-command', 'echo x'],
    { MORAINE_ENCRYPTION_KEY: KEY },
    'MORAINE_ENCRYPTION_KEY and --encryption-key-command both give the encryption keys; set one of them',
  ],
  [
    'a key that is none',
    [],
    { MORAINE_ENCRYPTION_KEY: 'secret' },
    'MORAINE_ENCRYPTION_KEY must be keys of 32 bytes in base64 or hexadecimal',
  ],
  [
    'a command that fails',
    ['--encryption-key-command', 'echo no such secret >&2; exit 4'],
    {},
    'the command of --encryption-key-command ended with 4: no such secret',
  ],
  [
    'a command that prints something else',
    ['--encryption-key-command', 'echo canary'],
    {},
    'what the command of --encryption-key-command prints must be keys of 32 bytes in base64 or hexadecimal',
  ],
])('%s are refused at start in one line', async (name, flags, env, line) => {
  expect(await serve(name, flags, env)).toEqual({ code: 2, stdout: '', stderr: `moraine: ${line}\n` });
});

test('S-93 a server starts with keys from the environment or a command, and shows neither', async () => {
  const file = join(directory, 'key');
  writeFileSync(file, `${KEY}\n`);
  for (const given of [
    { env: { MORAINE_ENCRYPTION_KEY: `${KEY},${OTHER}` } },
    { flags: ['--encryption-key-command', `cat '${file}'; echo ${OTHER} | tr a-f A-F`] },
  ]) {
    const { env = {}, flags = [] } = given;
    await using server = await startServer({ env, flags: [...flags, '--log-level', 'trace'] });
    await server.stop();
    const operator = operatorOf(server.dataDir, env);
    const shown = await operator.run(['encryption', 'show', ...flags]);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toMatch(/^[0-9a-f]{16} +current +no$/m);
    for (const secret of [KEY, OTHER]) expect(shown.stdout + server.stderr()).not.toContain(secret);
  }
});

test('a lost key keeps a server from starting, unless it is told to do without', async () => {
  const dataDir = join(directory, 'lost');
  await using first = await startServer({ dataDir });
  await first.stop();
  const record = join(dataDir, 'blobs', 'master-keys.json');
  writeFileSync(record, '{"format":1,"wrappedBy":["0123456789abcdef"]}\n');
  const { code, stderr } = await serve('lost', []);
  expect(code).toBe(2);
  expect(stderr).toContain('archives are encrypted under the key 0123456789abcdef, and there is no ');
  expect(stderr).toContain('--encryption none serves what is not encrypted');
  const rotated = await operatorOf(dataDir).run(['encryption', 'rotate']);
  expect(rotated).toMatchObject({ code: 2, stdout: '' });
  await using second = await startServer({ dataDir, flags: ['--encryption', 'none'] });
  expect(second.stderr()).toContain('only what is not encrypted is served');
  await second.stop();
  expect(readFileSync(record, 'utf8')).toContain('0123456789abcdef');
});

test('a rotation that does not know where the mirror is changes nothing', async () => {
  const env = { MORAINE_ENCRYPTION_KEY: `${OTHER},${KEY}` };
  const mirror = ['--mirror', join(directory, 'mirror')];
  await using server = await startServer({ env, flags: mirror });
  await server.stop();
  // The mirror of the last start is known; a server that was started without it since has left none on record.
  await using alone = await startServer({ env, dataDir: server.dataDir });
  await alone.stop();
  const operator = operatorOf(server.dataDir, env);
  const { code, stderr } = await operator.run(['encryption', 'rotate']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('say where it is with --mirror')]);
  expect(await operator.ask(['encryption', 'rotate', ...mirror])).toMatchObject({ failed: [] });
});

test('keys are rotated while no server runs, and that is on record', async () => {
  const env = { MORAINE_ENCRYPTION_KEY: `${OTHER},${KEY}` };
  await using server = await startServer({ env });
  const operator = operatorOf(server.dataDir, env);
  const refused = await operator.run(['encryption', 'rotate']);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(
    /^moraine: the data directory .* is held by .*; keys are rotated while no server runs\n$/,
  );
  await server.stop();
  const [{ keyId }] = (await operator.ask<{ keys: [{ keyId: string }] }>(['encryption', 'show'])).keys;
  expect(await operator.ask(['encryption', 'rotate'])).toMatchObject({ keyId, failed: [] });
  const audit = readFileSync(join(server.dataDir, 'audit', 'audit.log'), 'utf8');
  expect(audit).toContain('"eventName":"encryption.rotate"');
});
