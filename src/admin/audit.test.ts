import { expect, test } from 'vitest';
import { commandEvent } from './audit.ts';

const when = { nowMs: Date.UTC(2026, 2, 2, 10), region: 'us-east-1' };

test('a command is told as requests are, with what it made', () => {
  const input = { accountId: '111122223333', user: 'ada' };
  const named = { accessKeyId: 'AKIANEW' };
  expect(commandEvent({ command: 'keys.create', input, outcome: 'done', named }, when)).toMatchObject({
    userIdentity: { type: 'Operator' },
    eventTime: '2026-03-02T10:00:00Z',
    eventSource: 'admin.moraine',
    eventName: 'keys.create',
    requestParameters: input,
    responseElements: named,
    readOnly: false,
  });
});

test('one that was refused or failed with why, as far as it may be told', () => {
  const refused = { command: 'users.delete', input: {}, outcome: 'refused', refusal: 'no such user' } as const;
  expect(commandEvent(refused, when)).toMatchObject({ errorCode: 'Refused', errorMessage: 'no such user' });
  const failed = { command: 'users.delete', input: {}, outcome: 'failed' } as const;
  expect(commandEvent(failed, when)).toMatchObject({ errorCode: 'Failed', responseElements: null });
});
