import { expect, test } from 'vitest';
import { formatAddress, parseAddress } from './addresses.ts';

test.each([
  ['127.0.0.1:7400', '127.0.0.1', 7400],
  ['0.0.0.0:0', '0.0.0.0', 0],
  ['localhost:65535', 'localhost', 65_535],
  ['vault-1.example.org:80', 'vault-1.example.org', 80],
  ['[::1]:7400', '::1', 7400],
  ['[::]:0', '::', 0],
])('%s is read and written back', (text, host, port) => {
  expect(parseAddress(text)).toEqual({ host, port });
  expect(formatAddress({ host, port })).toBe(text);
});

test.each([
  '',
  '7400',
  ':7400',
  'localhost',
  'localhost:',
  'localhost:65536',
  'localhost:http',
  'localhost:-1',
  '::1:7400',
  '[::1]',
  '[localhost]:1',
  '[]:1',
  '10.0.0.300:1',
  '10.0.0:1',
  '-a:1',
  'http://localhost:1',
  'a b:1',
])('%j is no address', (text) => {
  expect(parseAddress(text)).toBeUndefined();
});
