import { describe, expect, test } from 'vitest';
import { addressRules } from './addresses.ts';

describe('addresses of webhooks', () => {
  const rules = addressRules([]);

  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.255.255',
    '198.19.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::ffff:7f00:1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:1ff::1',
    '2001:db8::1',
    '2002:7f00:1::1',
    '3fff::1',
    'fc00::1',
    'fd00::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '127.1',
    '2130706433',
    'localhost',
    '',
  ])('S-70 %s is refused', (address) => {
    expect(rules.allows(address)).toBe(false);
  });

  test.each([
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2001:200::1',
    '2606:4700::1',
    '3ffe::1',
  ])('%s is public', (address) => {
    expect(rules.allows(address)).toBe(true);
    expect(rules.isNamed(address)).toBe(false);
  });

  test('of a network that the operator names are allowed, and no others', () => {
    const named = addressRules(['10.0.0.0/8', '127.0.0.1/32', 'fd00:1::/32']);
    for (const address of ['10.255.0.1', '127.0.0.1', 'fd00:1::2']) {
      expect(named.allows(address)).toBe(true);
      expect(named.isNamed(address)).toBe(true);
    }
    for (const address of ['127.0.0.2', '11.0.0.1', 'fd00:2::1', '192.168.0.1', '::1']) {
      expect(named.isNamed(address)).toBe(false);
    }
    expect(named.allows('192.168.0.1')).toBe(false);
    expect(named.allows('11.0.0.1')).toBe(true);
  });

  test('of IPv4 are not in a network of IPv6, however wide', () => {
    expect(addressRules(['::/0']).allows('127.0.0.1')).toBe(false);
    expect(addressRules(['0.0.0.0/0']).allows('::1')).toBe(false);
  });
});
