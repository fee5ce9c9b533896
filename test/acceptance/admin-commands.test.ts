import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Operator, operatorOf } from '../support/operator.ts';
import { collect, spawnProgram } from '../support/program.ts';
import { ACCOUNT_ID, startServer, type TestServer } from '../support/server.ts';

/** Every command does the same with a server and without one. */
const INSTANT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const KEY_ID = expect.stringMatching(/^AKIA[A-Z2-7]{16}$/);
const SECRET = expect.stringMatching(/^\S{40}$/);
const POLICY =
  '{ "Version": "2012-10-17",\n  "Statement": { "Effect": "Allow", "Action": "glacier:List*", "Resource": "*" } }';
const MISSPELT = POLICY.replace('List*', 'Lits*');
const OTHER = '444455556666';

interface Key {
  accessKeyId: string;
  secretAccessKey: string;
}

describe.each(['while a server runs', 'without a server'])('%s', (circumstance) => {
  let directory: string;
  let server: TestServer;
  let operator: Operator;
  let documentFile: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'moraine-commands-'));
    documentFile = join(directory, 'policy.json');
    writeFileSync(documentFile, POLICY);
    server = await startServer({ dataDir: join(directory, 'data') });
    operator = operatorOf(server.dataDir);
    if (circumstance === 'without a server') await server.stop();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  const refusal = async (words: string[], input?: string) => {
    const { code, stdout, stderr } = await operator.run(words, input === undefined ? {} : { input });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^moraine: [^\n]+\n$/);
    return stderr.slice('moraine: '.length, -1);
  };

  test('accounts', async () => {
    const made = await operator.ask<{ account: object; key: Key }>([
      ...['accounts', 'create', '--id', OTHER, '--name', 'research'],
    ]);
    const account = { accountId: OTHER, name: 'research', createdAt: INSTANT, disabledAt: null };
    expect(made).toEqual({
      account,
      key: { accessKeyId: KEY_ID, secretAccessKey: SECRET, sessionToken: null, expiresAt: null },
    });
    expect(await refusal(['accounts', 'create', '--id', OTHER])).toBe(`there is an account ${OTHER} already`);
    const first = { accountId: ACCOUNT_ID, name: null, createdAt: INSTANT, disabledAt: null };
    expect(await operator.ask(['accounts', 'list'])).toEqual({ accounts: [first, account] });
    expect(await operator.ask(['accounts', 'disable', OTHER])).toEqual({ accountId: OTHER, disabled: true });
    expect(await operator.ask(['accounts', 'list'])).toEqual({
      accounts: [first, { ...account, disabledAt: INSTANT }],
    });
    const shown = await operator.run(['accounts', 'list']);
    expect(shown.stdout).toMatch(
      /^ACCOUNT +NAME +CREATED +STATE\n111122223333 +- +\S+Z +enabled\n444455556666 +research +\S+Z +disabled since \S+Z\n$/,
    );
    expect(await operator.ask(['accounts', 'enable', OTHER])).toEqual({ accountId: OTHER, disabled: false });
    expect(await operator.ask(['accounts', 'delete', OTHER])).toEqual({ accountId: OTHER, deleted: true });
    expect(await refusal(['accounts', 'delete', OTHER])).toBe(`there is no account ${OTHER}`);
    expect(await operator.ask(['accounts', 'list'])).toEqual({ accounts: [first] });
    expect(await refusal(['accounts', 'create', '--id', '12'])).toBe('an account id is 12 digits, not "12"');
  });

  test('users', async () => {
    const ann = {
      ...{ accountId: ACCOUNT_ID, name: 'ann', userId: expect.any(String), createdAt: INSTANT },
      arn: `arn:aws:iam::${ACCOUNT_ID}:user/ann`,
    };
    expect(await operator.ask(['users', 'create', 'ann'])).toEqual(ann);
    expect(await refusal(['users', 'create', 'Ann'])).toContain('already');
    expect(await refusal(['users', 'create', 'b b'])).toContain('the name of a user has 1 to 64 characters');
    expect(await refusal(['users', 'create', 'bob', '--account', OTHER])).toBe(`there is no account ${OTHER}`);
    expect(await operator.ask(['users', 'list'])).toEqual({ accountId: ACCOUNT_ID, users: [ann] });
    expect((await operator.run(['users', 'list'])).stdout).toMatch(
      /^NAME +CREATED +ARN\nann +\S+Z +arn:aws:iam::111122223333:user\/ann\n$/,
    );
    expect(await operator.ask(['users', 'delete', 'ann'])).toEqual({
      accountId: ACCOUNT_ID,
      name: 'ann',
      deleted: true,
    });
    expect(await refusal(['users', 'delete', 'ann'])).toBe(`there is no user ann in the account ${ACCOUNT_ID}`);
    expect((await operator.run(['users', 'list'])).stdout).toBe(`the account ${ACCOUNT_ID} has no users\n`);
  });

  test('policies', async () => {
    await operator.ask(['users', 'create', 'pat']);
    const named = { accountId: ACCOUNT_ID, user: 'pat', name: 'look' };
    const words = ['--user', 'pat', '--name', 'look'];
    expect(await operator.ask(['policies', 'attach', ...words, '--document', documentFile])).toEqual({
      ...named,
      attached: true,
    });
    expect(await refusal(['policies', 'attach', ...words, '--document', '-'], MISSPELT)).toContain('glacier:Lits*');
    expect(await operator.ask(['policies', 'show', ...words])).toEqual({
      ...named,
      attachedAt: INSTANT,
      document: POLICY,
    });
    const replaced = POLICY.replace('List*', 'Describe*');
    const done = await operator.run(['policies', 'attach', ...words, '--document', '-'], { input: replaced });
    expect(done).toMatchObject({ code: 0, stdout: 'policy look is attached to user pat\n', stderr: '' });
    expect((await operator.run(['policies', 'show', ...words])).stdout).toBe(`${replaced}\n`);
    expect(await operator.ask(['policies', 'list', '--user', 'pat'])).toEqual({
      accountId: ACCOUNT_ID,
      user: 'pat',
      policies: [{ name: 'look', attachedAt: INSTANT }],
    });
    expect(await operator.ask(['policies', 'detach', ...words])).toEqual({ ...named, attached: false });
    expect(await refusal(['policies', 'detach', ...words])).toBe('the user pat has no policy look');
    expect(await refusal(['policies', 'show', ...words])).toBe('the user pat has no policy look');
    expect((await operator.run(['policies', 'list', '--user', 'pat'])).stdout).toBe('user pat has no policies\n');
    expect(await refusal(['policies', 'reset', '--vault', 'nowhere'])).toBe(
      `Vault not found for ARN: arn:aws:glacier:us-east-1:${ACCOUNT_ID}:vaults/nowhere`,
    );
    expect(await refusal(['policies', 'list', '--user', 'sue'])).toBe(
      `there is no user sue in the account ${ACCOUNT_ID}`,
    );
  });

  test('keys', async () => {
    await operator.ask(['users', 'create', 'kim']);
    const key = await operator.ask<Key>(['keys', 'create', '--user', 'kim']);
    expect(key).toEqual({ accessKeyId: KEY_ID, secretAccessKey: SECRET, sessionToken: null, expiresAt: null });
    const temporary = await operator.ask<Key>([
      'keys',
      'create',
      '--user',
      'kim',
      '--expires',
      '1h',
      '--session-policy',
      documentFile,
    ]);
    expect(temporary).toEqual({
      accessKeyId: expect.stringMatching(/^ASIA/),
      secretAccessKey: SECRET,
      sessionToken: expect.any(String),
      expiresAt: INSTANT,
    });
    const ids = { accountId: ACCOUNT_ID, user: 'kim', origin: 'database', createdAt: INSTANT, disabledAt: null };
    const permanent = { ...ids, accessKeyId: key.accessKeyId, expiresAt: null, hasSessionPolicy: false };
    expect(await operator.ask(['keys', 'list', '--user', 'kim'])).toEqual({
      accountId: ACCOUNT_ID,
      keys: [permanent, { ...ids, accessKeyId: temporary.accessKeyId, expiresAt: INSTANT, hasSessionPolicy: true }],
    });
    const all = await operator.run(['keys', 'list']);
    expect(all.stdout).toContain(server.accessKeyId);
    for (const secret of [server.secretAccessKey, key.secretAccessKey, temporary.secretAccessKey]) {
      expect(all.stdout).not.toContain(secret);
    }
    const { accessKeyId } = key;
    expect(await operator.ask(['keys', 'disable', accessKeyId])).toEqual({ accessKeyId, disabled: true });
    expect(await refusal(['keys', 'rotate', accessKeyId])).toContain('is disabled');
    expect(await operator.ask(['keys', 'enable', accessKeyId])).toEqual({ accessKeyId, disabled: false });
    const rotated = await operator.ask<Key>(['keys', 'rotate', accessKeyId]);
    expect(rotated.accessKeyId).not.toBe(accessKeyId);
    expect(await operator.ask(['keys', 'delete', accessKeyId])).toEqual({ accessKeyId, deleted: true });
    expect(await refusal(['keys', 'delete', accessKeyId])).toBe(`there is no key ${accessKeyId}`);
    expect(await refusal(['keys', 'delete', server.accessKeyId])).toContain(
      'is the root key that the server started with',
    );
    expect(await refusal(['keys', 'create', '--expires', '1s'])).toBe('a temporary key lives 15 minutes to 36 hours');
    expect(await refusal(['keys', 'create', '--session-policy', documentFile])).toContain('only a temporary key');
  });

  test('a new key is printed ready for a credentials file', async () => {
    const { code, stdout, stderr } = await operator.run(['keys', 'create', '--expires', '15m']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^# root of the account, until \S+Z; the secret is not shown again\naws_access_key_id = ASIA\S{16}\naws_secret_access_key = \S{40}\naws_session_token = \S+\n$/,
    );
  });

  test('a new key that nobody can read is no success', async () => {
    for (const words of [
      ['keys', 'create'],
      ['accounts', 'create'],
    ]) {
      const child = spawnProgram([...words, '--data-dir', server.dataDir]);
      child.stdout.destroy();
      const stderr = collect(child.stderr);
      expect(await once(child, 'close')).toEqual([1, null]);
      expect(stderr()).toMatch(
        /^moraine: stdout cannot be written \(EPIPE\): the key AKIA\S{16} is made, but its secret was not shown/,
      );
    }
  });

  test('nothing of it shows in the log', () => {
    expect(server.stderr()).not.toMatch(/aws_secret|secretAccessKey|sessionToken/);
    expect(server.stderr()).not.toContain('"level":"error"');
  });
});
