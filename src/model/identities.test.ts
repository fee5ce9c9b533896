import { expect, test } from 'vitest';
import { isAccountId, isIamName, userArn } from './identities.ts';

test.each(['a', 'Anna', 'a+=,.@_-', '0', 'x'.repeat(64)])('%j is a name by the rules of IAM', (name) => {
  expect(isIamName(name)).toBe(true);
});

test.each(['', 'x'.repeat(65), 'a b', 'a/b', 'a:b', 'ä', 'a\n', '*', 'a%'])('%j is none', (name) => {
  expect(isIamName(name)).toBe(false);
});

test.each([
  ['111122223333', true],
  ['012345678901', true],
  ['11112222333', false],
  ['1111222233334', false],
  ['111122223333\n', false],
  ['１１１１２２２２３３３３', false],
  ['', false],
])('%j is an account id: %s', (text, is) => {
  expect(isAccountId(text)).toBe(is);
});

test('the ARN of a user names the account and the user', () => {
  expect(userArn({ accountId: '111122223333', name: 'a@b' })).toBe('arn:aws:iam::111122223333:user/a@b');
});
