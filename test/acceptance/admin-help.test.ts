import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runProgram } from '../support/program.ts';

/** The command line of the operator's commands: what needs no data directory. */
const directory = mkdtempSync(join(tmpdir(), 'moraine-help-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const GROUPS = {
  accounts: ['create', 'list', 'disable', 'enable', 'delete'],
  users: ['create', 'list', 'delete'],
  policies: ['attach', 'detach', 'list', 'show', 'reset', 'check'],
  keys: ['create', 'list', 'disable', 'enable', 'rotate', 'delete'],
  topics: ['subscribe', 'list', 'confirm', 'unsubscribe', 'certificate'],
  locks: ['list', 'repair', 'release-orphans'],
  clock: ['show', 'confirm'],
};

describe('help', () => {
  test.each(Object.entries(GROUPS))('moraine %s names its commands, and fails without one', async (group, commands) => {
    const help = await runProgram([group, '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const command of commands) expect(help.stdout).toMatch(new RegExp(`^ +${command}\\b`, 'm'));
    expect(help.stdout).toMatch(/^Examples:\n {2}moraine /m);
    const alone = await runProgram([group]);
    expect(alone).toMatchObject({ code: 2, stdout: '' });
    expect(alone.stderr.trim()).toBe(help.stdout.trim());
  });

  test('moraine keys create --help says how', async () => {
    const help = await runProgram(['keys', 'create', '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: moraine keys create \[options\]\n/);
    for (const text of ['--json', '--data-dir <DIR>', 'MORAINE_DATA_DIR', 'Examples:']) {
      expect(help.stdout).toContain(text);
    }
    expect(await runProgram(['keys', 'help', 'create'])).toMatchObject({ code: 0, stdout: help.stdout });
  });
});

describe('a wrong command line', () => {
  test.each([
    [['keys', 'creat'], "moraine: unknown command 'creat' (Did you mean create?)\n"],
    [['keys', 'create', '--usr', 'ann'], "moraine: unknown option '--usr' (Did you mean --user?)\n"],
    [['keys', 'create', '--expires', '60'], /^moraine: option '--expires .*' argument '60' is invalid\. It must be a/],
    [
      ['keys', 'create', '--account', '12'],
      /^moraine: option '--account .*' argument '12' is invalid\. It must have 12/,
    ],
    [['keys', 'disable'], "moraine: missing required argument 'id'\n"],
    [['users', 'create', 'a', 'b'], "moraine: too many arguments for 'create'. Expected 1 argument but got 2: a, b.\n"],
    [
      ['policies', 'attach', '--name', 'n', '--document', '-'],
      /^moraine: required option '--user <name>' not specified\n/,
    ],
    [['policies', 'check', '/nowhere/p.json'], /^moraine: \/nowhere\/p.json cannot be read: ENOENT/],
    [
      ['policies', 'check', '-', '--kind', 'lock'],
      'moraine: --kind lock needs --vault, the vault that the policy is for\n',
    ],
    [
      ['policies', 'check', '-', '--kind', 'bucket'],
      /^moraine: option '--kind .*Allowed choices are identity, access, lock/,
    ],
    [['accounts', 'list', '--config', '/nowhere/m.yaml'], /^moraine: --config names a file that cannot be read/],
  ])('%j is refused in one line with exit code 2', async (args, line) => {
    const outcome = await runProgram(args);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toMatch(/^[^\n]+\n$/);
    if (typeof line === 'string') expect(outcome.stderr).toBe(line);
    else expect(outcome.stderr).toMatch(line);
  });
});

describe('a data directory that is not there', () => {
  test.each([[['accounts', 'list']], [['users', 'create', 'ann']], [['keys', 'create']]])(
    '%j makes none',
    async (args) => {
      const dataDir = join(directory, 'misspelt');
      const outcome = await runProgram(args, { env: { MORAINE_DATA_DIR: dataDir } });
      expect(outcome).toMatchObject({
        code: 2,
        stdout: '',
        stderr: `moraine: there is no data directory ${dataDir}; \`moraine serve\` makes one, and --data-dir or MORAINE_DATA_DIR name another\n`,
      });
      expect(readdirSync(directory)).not.toContain('misspelt');
    },
  );

  test('is not made of another directory either', async () => {
    const other = mkdtempSync(join(directory, 'other-'));
    writeFileSync(join(other, 'thesis.tex'), '');
    const outcome = await runProgram(['keys', 'create', '--data-dir', other]);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toContain(`moraine: ${other} is no data directory of Moraine; `);
    expect(readdirSync(other)).toEqual(['thesis.tex']);
  });
});

describe('policies check', () => {
  const DENY_YOUNG = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 'glacier:DeleteArchive',
        Resource: 'arn:aws:glacier:eu-north-1:444455556666:vaults/photos',
        Condition: { NumericLessThan: { 'glacier:ArchiveAgeInDays': '365' } },
      },
    ],
  };
  const LOCK = ['--kind', 'lock', '--vault', 'photos', '--account', '444455556666', '--region', 'eu-north-1'];
  const check = (document: unknown, ...args: string[]) =>
    runProgram(['policies', 'check', '-', ...args], {
      input: typeof document === 'string' || Buffer.isBuffer(document) ? document : JSON.stringify(document),
    });

  test('takes what can be enforced, from stdin and from a file', async () => {
    expect(await check(DENY_YOUNG, ...LOCK)).toMatchObject({
      code: 0,
      stdout: '-: a valid vault lock policy\n',
      stderr: '',
    });
    const file = join(directory, 'identity.json');
    writeFileSync(file, '\ufeff{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}');
    expect(await runProgram(['policies', 'check', file])).toMatchObject({
      code: 0,
      stdout: `${file}: a valid identity policy\n`,
      stderr: '',
    });
    expect(JSON.parse((await runProgram(['policies', 'check', file, '--json'])).stdout)).toEqual({
      valid: true,
      kind: 'identity',
    });
  });

  test('names the place and the fault', async () => {
    const misspelt = structuredClone(DENY_YOUNG);
    misspelt.Statement[0]!.Action = 'glacier:DeleteArchve';
    const outcome = await check(misspelt, ...LOCK);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toBe(
      'moraine: The specified vault lock policy is invalid. Statement 1, Action: the action glacier:DeleteArchve ' +
        'is not known; did you mean glacier:DeleteArchive?\n',
    );
    const elsewhere = await check(DENY_YOUNG, '--kind', 'lock', '--vault', 'photos');
    expect(elsewhere).toMatchObject({ code: 2, stdout: '' });
    expect(elsewhere.stderr).toContain('arn:aws:glacier:us-east-1:111122223333:vaults/photos');
  });

  test.each([
    ['nothing', '', /^moraine: The specified identity policy is invalid\. Line 1, column 1: /],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), /^moraine: stdin is no UTF-8 text\n$/],
    [
      'too much',
      `{"a":"${'x'.repeat(30_000)}"}`,
      /^moraine: stdin has more than the 20480 bytes that a policy may have\n$/,
    ],
  ])('refuses %s', async (_, document, line) => {
    const outcome = await check(document);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toMatch(line);
  });
});
