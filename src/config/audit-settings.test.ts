import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from './config.ts';
import type { Flags } from './sources.ts';

const loaded = (flags: Flags) => loadConfig({ flags, env: {} }).config;

test('the audit log is in the data directory, somewhere else, or nowhere', () => {
  expect(loaded({ 'data-dir': '/srv/m' }).auditLog?.path).toBe('/srv/m/audit/audit.log');
  expect(loaded({ 'audit-log': 'on', 'data-dir': '/srv/m' }).auditLog?.path).toBe('/srv/m/audit/audit.log');
  expect(loaded({ 'audit-log': 'log/audit' }).auditLog?.path).toBe(resolve('log/audit'));
  expect(loaded({ 'audit-log': 'off' }).auditLog).toBeUndefined();
  expect(loaded({ 'audit-log-size': '10GiB', 'audit-log-files': '2' }).auditLog).toMatchObject({
    fileBytesMax: 10_737_418_240,
    filesMax: 2,
  });
});

test('proxies are networks and single addresses of both kinds', () => {
  expect(loaded({ 'trusted-proxies': '10.0.0.0/8, 192.0.2.7,fd00::/8,::1' }).trustedProxies).toEqual([
    '10.0.0.0/8',
    '192.0.2.7',
    'fd00::/8',
    '::1',
  ]);
});

test.each<[Flags, string]>([
  [{ 'audit-log': '' }, '--audit-log must not be empty'],
  [{ 'audit-log': 'a\0b' }, '--audit-log must be on, off or a path, not "a\\u0000b"'],
  [{ 'audit-log-size': '64' }, '--audit-log-size must be a size like 500MB or 10GiB, from 1MiB to 1TiB, not "64"'],
  [
    { 'audit-log-size': '1023KiB' },
    '--audit-log-size must be a size like 500MB or 10GiB, from 1MiB to 1TiB, not "1023KiB"',
  ],
  [{ 'audit-log-size': '2TiB' }, '--audit-log-size must be a size like 500MB or 10GiB, from 1MiB to 1TiB, not "2TiB"'],
  [{ 'audit-log-files': '1' }, '--audit-log-files must be a whole number from 2 to 1000, not "1"'],
  [{ 'audit-log-files': '2.5' }, '--audit-log-files must be a whole number from 2 to 1000, not "2.5"'],
  ...['10.0.0.0/33', '10.0.0.0/8,', 'proxy.example', '10.0.0.1-10.0.0.9', '*', '::1/129', '10.0.0.1:80'].map(
    (text): [Flags, string] => [
      { 'trusted-proxies': text },
      `--trusted-proxies must be addresses or networks like 10.0.0.0/8,::1, not "${text}"`,
    ],
  ),
])('%j is refused', (flags, message) => {
  expect(() => loaded(flags)).toThrow(message);
});
