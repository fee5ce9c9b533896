import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Environment, runProgram, spawnProgram } from '../support/program.ts';
import { startServer } from '../support/server.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-start-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;
const dataDirOf = (name: string): string => join(directory, name);

describe('the command line', () => {
  test('--version prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await runProgram(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('--help lists the commands, serve --help every setting', async () => {
    const program = await runProgram(['--help']);
    expect(program).toMatchObject({ code: 0, stderr: '' });
    expect(program.stdout).toMatch(/^Usage: moraine /);
    expect(program.stdout).toContain('serve');
    const serve = await runProgram(['serve', '--help']);
    expect(serve).toMatchObject({ code: 0, stderr: '' });
    for (const text of ['--listen <HOST:PORT>', 'MORAINE_LISTEN, default 127.0.0.1:7400', 'MORAINE_SNS_ENDPOINT]']) {
      expect(serve.stdout).toContain(text);
    }
    expect(serve.stdout).toContain('MORAINE_ROOT_SECRET_ACCESS_KEY');
    expect(await runProgram(['help', 'serve'])).toMatchObject({ code: 0, stdout: serve.stdout });
  });

  test('without a command it prints its help and fails', async () => {
    const outcome = await runProgram([]);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toMatch(/^Usage: moraine /);
  });

  test.each([
    [['sevre'], "moraine: unknown command 'sevre' (Did you mean serve?)\n"],
    [['serve', '--lisen', 'x'], "moraine: unknown option '--lisen' (Did you mean --listen?)\n"],
    [['serve', '--listen'], "moraine: option '--listen <HOST:PORT>' argument missing\n"],
    [['serve', 'now'], "moraine: too many arguments for 'serve'. Expected 0 arguments but got 1: now.\n"],
    [['serve', '--account-id', '12'], 'moraine: --account-id must be an account id of 12 digits, not "12"\n'],
    [['serve', '--config', '/nowhere/moraine.yaml'], 'moraine: --config names a file that cannot be read: '],
    [
      ['serve', '--blobs', 's3://b/p'],
      'moraine: --blobs asks for an S3 store, which this version of Moraine does not ',
    ],
  ])('%j is refused in one line with exit code 2', async (args, line) => {
    const outcome = await runProgram(args);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toMatch(/^[^\n]+\n$/);
    expect(outcome.stderr.startsWith(line)).toBe(true);
  });
});

describe('the environment and the file', () => {
  test('an unknown variable is refused with the near match', async () => {
    expect(await runProgram(['serve'], { env: { MORAINE_LISEN: 'x' } })).toMatchObject({
      code: 2,
      stderr: 'moraine: MORAINE_LISEN in the environment is no setting; did you mean MORAINE_LISTEN?\n',
    });
  });

  test('S-06 half a root key is refused', async () => {
    expect(await runProgram(['serve'], { env: { MORAINE_ROOT_ACCESS_KEY_ID: 'AKIDEXAMPLE' } })).toMatchObject({
      code: 2,
      stderr: 'moraine: MORAINE_ROOT_ACCESS_KEY_ID needs MORAINE_ROOT_SECRET_ACCESS_KEY beside it\n',
    });
  });

  test('a flag counts before the environment, that before the file', async () => {
    const config = join(directory, 'moraine.yaml');
    writeFileSync(config, 'region: File\n');
    const refusal = async (flags: string[], env: Environment) =>
      (await runProgram(['serve', '--config', config, ...flags], { env })).stderr;
    const wanted = 'must be a region like us-east-1, not';
    expect(await refusal([], {})).toBe(`moraine: region in ${config} ${wanted} "File"\n`);
    expect(await refusal([], { MORAINE_REGION: 'Env' })).toBe(`moraine: MORAINE_REGION ${wanted} "Env"\n`);
    expect(await refusal(['--region', 'Flag'], { MORAINE_REGION: 'Env' })).toBe(`moraine: --region ${wanted} "Flag"\n`);
  });
});

describe('a start', () => {
  test('S-06 prints one line with the real port, keeps its files private, and ends with 0 on SIGTERM', async () => {
    await using server = await startServer();
    expect(server.stdout()).toBe(`moraine listening on http://127.0.0.1:${server.port}\n`);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect(modeOf(server.dataDir)).toBe(0o700);
    expect(modeOf(join(server.dataDir, 'credentials'))).toBe(0o600);
    expect(server.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
    expect(server.secretAccessKey).toHaveLength(40);
    expect(server.stderr()).not.toContain(server.secretAccessKey);
    expect(await server.stop()).toBe(0);
    expect(server.stdout()).toBe(`moraine listening on http://127.0.0.1:${server.port}\n`);
  });

  test.each(['SIGINT', 'SIGHUP'] as const)('ends with 0 on %s too', async (signal) => {
    await using server = await startServer();
    const ended = once(server.child, 'exit');
    server.child.kill(signal);
    expect(await ended).toEqual([0, null]);
  });

  test('keeps the key it made, also after a kill', async () => {
    const dataDir = dataDirOf('key');
    await using first = await startServer({ dataDir });
    await first.kill();
    await using second = await startServer({ dataDir });
    expect(second.accessKeyId).toBe(first.accessKeyId);
    expect(second.secretAccessKey).toBe(first.secretAccessKey);
  });

  test('with a key from the environment writes none', async () => {
    const env = { MORAINE_ROOT_ACCESS_KEY_ID: 'AKIDEXAMPLE', MORAINE_ROOT_SECRET_ACCESS_KEY: 'example' };
    await using server = await startServer({ env });
    expect(() => statSync(join(server.dataDir, 'credentials'))).toThrow('ENOENT');
  });

  test('takes an IPv6 address', async () => {
    await using server = await startServer({ flags: ['--listen', '[::1]:0'] });
    expect(server.url).toBe(`http://[::1]:${server.port}`);
  });
});

describe('one server at a time', () => {
  test('F-25 a second one is refused at once with the name of the first; after a kill the next starts', async () => {
    const dataDir = dataDirOf('one');
    await using first = await startServer({ dataDir });
    const second = await runProgram(['serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir]);
    expect(second).toMatchObject({ code: 2, stdout: '' });
    const [line = ''] = second.stderr.split('\n').filter((text) => text.startsWith('moraine: '));
    expect(line).toContain(`moraine: the data directory ${dataDir} is held by process ${first.child.pid} on `);
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
    await first.kill();
    await using third = await startServer({ dataDir });
    expect((await fetch(`${third.url}/healthz`)).status).toBe(200);
  });
});

describe('a start that cannot be', () => {
  test('a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const outcome = await runProgram(['serve', '--listen', `127.0.0.1:${port}`, '--data-dir', dataDirOf('taken')]);
    other.close();
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toContain(
      `moraine: cannot listen on 127.0.0.1:${port}: something else listens there already (EADDRINUSE)\n`,
    );
  });

  test('a data directory that cannot be made, and one that is not ours', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const inFile = await runProgram(['serve', '--data-dir', file]);
    expect(inFile).toMatchObject({ code: 2, stderr: `moraine: the data directory ${file} must be a directory\n` });
    const foreign = mkdtempSync(join(directory, 'foreign-'));
    writeFileSync(join(foreign, 'thesis.tex'), '');
    chmodSync(foreign, 0o755);
    const refused = await runProgram(['serve', '--data-dir', foreign]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("holds files that are not Moraine's");
    expect(modeOf(foreign)).toBe(0o755);
  });

  test('a broken credentials file is named and kept', async () => {
    const dataDir = dataDirOf('broken');
    await using first = await startServer({ dataDir });
    await first.stop();
    writeFileSync(join(dataDir, 'credentials'), 'garbage');
    const outcome = await runProgram(['serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir]);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain(`moraine: ${join(dataDir, 'credentials')} cannot be understood at line 1\n`);
    expect(readFileSync(join(dataDir, 'credentials'), 'utf8')).toBe('garbage');
  });
});

test('F-40 metadata of a newer version is refused in one line', async () => {
  const dataDir = dataDirOf('newer');
  await using first = await startServer({ dataDir });
  await first.stop();
  const database = new DatabaseSync(join(dataDir, 'metadata.sqlite'));
  database.exec("insert into kysely_migration values ('9999-from-the-future', '2099-01-01T00:00:00Z')");
  database.close();
  const outcome = await runProgram(['serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir]);
  expect(outcome.code).toBe(2);
  expect(outcome.stderr).toMatch(
    /^moraine: the metadata was written by a newer version of Moraine \(.*\); use that version\n$/,
  );
});

test('relative data directories start at the working directory', async () => {
  const child = spawnProgram(['serve', '--listen', '127.0.0.1:0'], { cwd: directory });
  await once(child.stdout, 'data');
  expect(modeOf(join(directory, 'moraine-data'))).toBe(0o700);
  child.kill('SIGTERM');
  await once(child, 'close');
});
