import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Core } from '../core/core.ts';
import { invalidParameter } from '../model/errors.ts';
import { adminCommand } from './command.ts';
import { type CommandRecord, type CommandTable, runCommand } from './run.ts';

const input = z.strictObject({ name: z.string(), token: z.string().optional() });
const commands: CommandTable = {
  'things.make': adminCommand({
    input,
    mutating: true,
    secrets: ['token'],
    run: async ({ firstAccountId }, { name }) => {
      if (name === 'bad') throw invalidParameter('Such a name cannot be.');
      if (name === 'broken') throw new Error('no disk');
      return { name, firstAccountId };
    },
  }),
  'keys.make': adminCommand({
    input,
    mutating: true,
    run: async () => ({ accessKeyId: 'AKIANEW', secretAccessKey: 'hidden', sessionToken: 'hidden', expiresAt: null }),
  }),
  'accounts.make': adminCommand({
    input,
    mutating: true,
    run: async () => ({
      account: { accountId: '444455556666', name: null },
      key: { accountId: '444455556666', accessKeyId: 'AKIANEW', secretAccessKey: 'hidden' },
    }),
  }),
  'things.show': adminCommand({ input, mutating: false, run: async () => 'shown' }),
};

function runs() {
  const records: CommandRecord[] = [];
  const administration = { core: {} as Core, firstAccountId: '111122223333', examine: async () => [] };
  const run = (command: string, given: unknown) =>
    runCommand({ command, input: given }, { commands, administration, onCommand: (record) => records.push(record) });
  return { run, records };
}

test('a command that changes something leaves a record without its secrets', async () => {
  const { run, records } = runs();
  expect(await run('things.make', { name: 'a', token: 'hidden' })).toEqual({
    answer: { name: 'a', firstAccountId: '111122223333' },
  });
  expect(records).toEqual([{ command: 'things.make', input: { name: 'a' }, outcome: 'done' }]);
});

test('of an answer the record has the ids and never a secret', async () => {
  const { run, records } = runs();
  await run('keys.make', { name: 'a' });
  expect(records).toEqual([
    { command: 'keys.make', input: { name: 'a' }, outcome: 'done', named: { accessKeyId: 'AKIANEW' } },
  ]);
});

test('of an account with its first key the record has both', async () => {
  const { run, records } = runs();
  await run('accounts.make', { name: 'a' });
  const named = { accountId: '444455556666', accessKeyId: 'AKIANEW' };
  expect(records).toEqual([{ command: 'accounts.make', input: { name: 'a' }, outcome: 'done', named }]);
});

test('a refusal comes back word for word, and is on record', async () => {
  const { run, records } = runs();
  expect(await run('things.make', { name: 'bad' })).toEqual({ refusal: 'Such a name cannot be.' });
  expect(records).toEqual([
    { command: 'things.make', input: { name: 'bad' }, outcome: 'refused', refusal: 'Such a name cannot be.' },
  ]);
});

test('what nobody expected is thrown, and is on record', async () => {
  const { run, records } = runs();
  await expect(run('things.make', { name: 'broken' })).rejects.toThrow('no disk');
  expect(records).toEqual([{ command: 'things.make', input: { name: 'broken' }, outcome: 'failed' }]);
});

test('what only reads leaves no record', async () => {
  const { run, records } = runs();
  expect(await run('things.show', { name: 'a' })).toEqual({ answer: 'shown' });
  expect(records).toEqual([]);
});

test.each([
  ['things.make', {}, 'name: '],
  ['things.make', { name: 1 }, 'name: '],
  ['things.make', { name: 'a', other: 1 }, 'Unrecognized key: "other"'],
  ['things.make', undefined, ''],
  ['things.break', {}, 'the server that runs here has no command things.break; it is of another version'],
  ['constructor', {}, 'the server that runs here has no command constructor; it is of another version'],
])('%s with %j is refused', async (command, given, text) => {
  const { run, records } = runs();
  const response = await run(command, given);
  expect(response).toHaveProperty('refusal');
  expect((response as { refusal: string }).refusal.startsWith(text)).toBe(true);
  expect(records).toEqual([]);
});
