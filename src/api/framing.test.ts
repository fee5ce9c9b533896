import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { limits } from '../model/limits.ts';
import { queryParameters, readHead } from './framing.ts';

const received = (rawHeaders: string[], more: Partial<IncomingMessage> = {}): IncomingMessage =>
  ({ method: 'GET', url: '/-/vaults', httpVersion: '1.1', rawHeaders, ...more }) as IncomingMessage;
const HOST = ['Host', 'a'];

describe('readHead', () => {
  test('takes a head apart and keeps it as received', () => {
    const head = readHead(received(['HOST', 'a', 'X-Amz-Date', ' b '], { url: '/-/vaults?limit=1&x=%2f?' }));
    expect(head).toMatchObject({ method: 'GET', target: { path: '/-/vaults', query: 'limit=1&x=%2f?' } });
    expect(head.headers).toEqual([
      ['HOST', 'a'],
      ['X-Amz-Date', ' b '],
    ]);
    expect(head.header('x-amz-date')).toBe(' b ');
    expect(head.header('range')).toBeUndefined();
  });

  test('names that every object has are no headers', () => {
    const head = readHead(received([...HOST, '__proto__', 'x']));
    expect(head.header('constructor')).toBeUndefined();
    expect(head.header('__proto__')).toBe('x');
  });

  test.each(['Host', 'Authorization', 'Date', 'Content-Length', 'Content-Range', 'Range', 'Expect', 'x-amz-anything'])(
    '%s may be there once',
    (name) => {
      const twice = [...HOST, name, '1', name.toUpperCase(), '1'];
      expect(() => readHead(received(twice))).toThrow(`The header ${name.toLowerCase()} was sent more than once.`);
    },
  );

  test('other headers may be repeated', () => {
    expect(readHead(received([...HOST, 'Via', 'a', 'Via', 'b'])).header('via')).toBe('b');
  });

  test.each([
    ['no Host', received([])],
    ['a fragment', received(HOST, { url: '/-/vaults#a' })],
    ['a query parameter twice', received(HOST, { url: '/-/vaults?limit=1&marker=&limit=1' })],
    ['one that is only spelt differently', received(HOST, { url: '/-/vaults?limit=1&l%69mit=2' })],
    ['an absolute target', received(HOST, { url: 'http://a/-/vaults' })],
    ['an asterisk', received(HOST, { url: '*' })],
    ['no target', received(HOST, { url: '' })],
    ['another expectation', received([...HOST, 'Expect', '200-ok'])],
    ['another encoding', received([...HOST, 'Transfer-Encoding', 'gzip, chunked'])],
    ['chunks in HTTP/1.0', received([...HOST, 'Transfer-Encoding', 'chunked'], { httpVersion: '1.0' })],
    ['too many headers', received([...HOST, ...Array.from({ length: 2 * limits.headersMax }, () => 'x')])],
  ])('%s is a BadRequest', (_, request) => {
    expect(() => readHead(request)).toThrow(expect.objectContaining({ code: 'BadRequest' }));
  });

  test('chunks and an invitation to wait for are fine', () => {
    const headers = [...HOST, 'Transfer-Encoding', 'Chunked', 'Expect', '100-Continue'];
    expect(readHead(received(headers)).header('expect')).toBe('100-Continue');
  });
});

test('in a query a plus sign is a plus sign, however it is written', () => {
  expect([...queryParameters('a+b=c+d&e=%2B%20')]).toEqual([
    ['a+b', 'c+d'],
    ['e', '+ '],
  ]);
  const twice = received(HOST, { url: '/-/vaults?a+b=1&a%2Bb=2' });
  expect(() => readHead(twice)).toThrow('A query parameter was sent more than once.');
  expect(readHead(received(HOST, { url: '/-/vaults?a+b=1&a%20b=2' })).target.query).toBe('a+b=1&a%20b=2');
});
