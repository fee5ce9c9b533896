import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inRange, parseAddress, parseRange } from './addresses.ts';

const within = (address: string, range: string): boolean | undefined => {
  const [found, wanted] = [parseAddress(address), parseRange(range)];
  return found && wanted && inRange(found, wanted);
};

test.each([
  ['203.0.113.7', '203.0.113.0/24', true],
  ['203.0.114.7', '203.0.113.0/24', false],
  ['203.0.113.7', '203.0.113.7', true],
  ['203.0.113.8', '203.0.113.7/32', false],
  ['203.0.113.7', '203.0.113.99/24', true],
  ['10.255.0.1', '10.0.0.0/9', false],
  ['10.127.0.1', '10.0.0.0/9', true],
  ['1.2.3.4', '0.0.0.0/0', true],
  ['::1', '0.0.0.0/0', false],
  ['1.2.3.4', '::/0', false],
  ['::ffff:203.0.113.7', '203.0.113.0/24', true],
  ['203.0.113.7', '::ffff:203.0.113.0/120', true],
  ['::ffff:cb00:7107', '203.0.113.0/24', true],
  ['2001:db8:1234:5678::9', '2001:DB8:1234:5678::/64', true],
  ['2001:db8:1234:5679::9', '2001:DB8:1234:5678::/64', false],
  ['2001:db8::1', '2001:db8::/33', true],
  ['2001:db8:8000::1', '2001:db8::/33', false],
  ['fe80::1%eth0', 'fe80::/10', true],
  ['::', '::/128', true],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8', true],
  ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304', true],
  ['64:ff9b::1.2.3.4', '64:ff9b::/96', true],
])('%s in %s: %s', (address, range, expected) => {
  expect(within(address, range)).toBe(expected);
});

test.each([
  ...[
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.-4',
    '0x7f.1',
    '2130706433',
    '1.2.3.4%eth0',
    'localhost',
  ],
  ...[
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '::12345',
    'g::',
    '1.2.3.4::',
    '::1.2.3',
    '1:2:3:4:5:6:7::8:9',
  ],
])('%j is no address', (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test.each([
  '1.2.3.4/33',
  '1.2.3.4/',
  '1.2.3.4/a',
  '1.2.3.4/-1',
  '1.2.3.4/08',
  '::/129',
  '/8',
  'fe80::1%eth0/64',
  '1.2.3.4/8/8',
])('%j is no range', (text) => {
  expect(parseRange(text)).toBeUndefined();
});

test('a range of IPv4 holds what agrees in its first bits', () => {
  const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
  const bits = (parts: number[]): string => parts.map((part) => part.toString(2).padStart(8, '0')).join('');
  fc.assert(
    fc.property(octets, octets, fc.nat(32), (one, other, prefix) => {
      const mixed = one.map((octet, index) => (index < prefix / 8 ? octet : (other[index] ?? 0)));
      const expected = bits(mixed).slice(0, prefix) === bits(one).slice(0, prefix);
      expect(within(mixed.join('.'), `${one.join('.')}/${prefix}`)).toBe(expected);
    }),
  );
});
