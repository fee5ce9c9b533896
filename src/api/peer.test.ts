import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { parseRange } from '../policy/addresses.ts';
import { readHead } from './framing.ts';
import { arrivalOf, asSigned } from './peer.ts';

const PROXIES = ['10.0.0.0/8', '::1'].map((text) => parseRange(text)!);

function arrival(peer: string | undefined, headers: [string, string][], proxies = PROXIES) {
  const socket = { remoteAddress: peer } as Socket;
  const rawHeaders = [['Host', 'inner:7400'], ...headers].flat();
  const head = readHead({ method: 'GET', url: '/-/vaults', httpVersion: '1.1', rawHeaders } as IncomingMessage);
  const found = arrivalOf({ socket }, head, proxies);
  return { ...found, signed: asSigned(found, { head, segments: ['-', 'vaults'] }) };
}

const ALL: [string, string][] = [
  ['X-Forwarded-For', '203.0.113.9'],
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-Host', 'cold.example'],
  ['X-Forwarded-Prefix', '/glacier'],
];

describe('S-20 forwarded headers', () => {
  test('count from a proxy that is trusted', () => {
    const { circumstances, signed } = arrival('10.1.2.3', ALL);
    expect(circumstances).toEqual({ secureTransport: true, sourceIp: '203.0.113.9' });
    expect(signed.head.headers[0]).toEqual(['Host', 'cold.example']);
    expect(signed.segments).toEqual(['glacier', '-', 'vaults']);
  });

  test.each([
    ['another address', '192.0.2.1', PROXIES],
    ['one that looks like it', '110.0.0.1', PROXIES],
    ['a proxy when none is trusted', '10.1.2.3', []],
    ['nobody knows where', undefined, PROXIES],
  ])('do not count from %s', (_, peer, proxies) => {
    const { circumstances, signed } = arrival(peer, ALL, proxies);
    expect(circumstances.secureTransport).toBe(false);
    expect(circumstances.sourceIp).toBe(peer);
    expect(signed.head.headers[0]).toEqual(['Host', 'inner:7400']);
    expect(signed.segments).toEqual(['-', 'vaults']);
  });

  test.each([
    ['203.0.113.9', '203.0.113.9'],
    ['6.6.6.6, 203.0.113.9', '203.0.113.9'],
    ['203.0.113.9, 10.9.9.9', '203.0.113.9'],
    ['6.6.6.6,203.0.113.9 ,10.9.9.9,  10.8.8.8', '203.0.113.9'],
    ['203.0.113.9:4711', '203.0.113.9'],
    ['2001:db8::7', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['[2001:db8::7]:443', '2001:db8::7'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['10.5.5.5, 10.6.6.6', '10.5.5.5'],
    ['', '10.1.2.3'],
    ['unknown', undefined],
    ['203.0.113.9, _hidden', undefined],
    ['203.0.113.9, 203.0.113.999', undefined],
    ['203.0.113.9 203.0.113.8', undefined],
    ['10.5.5.5:x', undefined],
  ])('X-Forwarded-For: %j is %s', (value, sourceIp) => {
    expect(arrival('10.1.2.3', [['X-Forwarded-For', value]]).circumstances.sourceIp).toBe(sourceIp);
  });

  test('lists go on in a header of the same name', () => {
    const headers: [string, string][] = [
      ['X-Forwarded-For', '6.6.6.6'],
      ['x-forwarded-for', '203.0.113.9, 10.9.9.9'],
    ];
    expect(arrival('::1', headers).circumstances.sourceIp).toBe('203.0.113.9');
  });

  test('of several hosts and prefixes the last counts, which the proxy itself has added', () => {
    const { signed } = arrival('10.1.2.3', [
      ['X-Forwarded-Host', 'made.up, cold.example'],
      ['X-Forwarded-Prefix', '/made-up'],
      ['x-forwarded-prefix', '/glacier'],
    ]);
    expect(signed.head.headers[0]).toEqual(['Host', 'cold.example']);
    expect(signed.segments).toEqual(['glacier', '-', 'vaults']);
  });

  test.each([
    ['https', true],
    ['HTTPS', true],
    ['https, https', true],
    ['http', false],
    ['https, http', false],
    ['http, https', false],
    ['', false],
    ['httpss', false],
  ])('X-Forwarded-Proto: %s, so secure: %s', (value, secure) => {
    expect(arrival('10.1.2.3', [['X-Forwarded-Proto', value]]).circumstances.secureTransport).toBe(secure);
  });

  test.each([
    ['/glacier', ['glacier']],
    ['/a/b/', ['a', 'b']],
    ['/', []],
    ['', []],
  ])('X-Forwarded-Prefix: %j is %j', (value, prefix) => {
    expect(arrival('10.1.2.3', [['X-Forwarded-Prefix', value]]).signedPrefix).toEqual(prefix);
  });

  test.each(['glacier', '//a', '/a//b', '/..', '/a/../b', '/.', '/a b', '/%2e', '/a?b', '/é'])(
    'X-Forwarded-Prefix: %j is refused',
    (value) => {
      const refused = () => arrival('10.1.2.3', [['X-Forwarded-Prefix', value]]);
      expect(refused).toThrow(expect.objectContaining({ code: 'BadRequest' }));
      expect(() => arrival('192.0.2.1', [['X-Forwarded-Prefix', value]])).not.toThrow();
    },
  );
});

test('an address is written one way, however the socket writes it', () => {
  expect(arrival('::ffff:192.0.2.1', []).circumstances.sourceIp).toBe('192.0.2.1');
  expect(arrival('fe80::1%eth0', []).circumstances.sourceIp).toBe('fe80::1');
  expect(arrival('::ffff:10.1.2.3', ALL).circumstances.sourceIp).toBe('203.0.113.9');
});
