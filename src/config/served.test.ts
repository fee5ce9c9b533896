import { expect, test } from 'vitest';
import { loadConfig } from './config.ts';
import { asServed, servedOtherwise, servingOf } from './served.ts';
import type { Environment, Flags } from './sources.ts';

const SERVED: Flags = {
  'data-dir': '/srv/m',
  'account-id': '444455556666',
  region: 'eu-west-1',
  'audit-log-size': '2MiB',
  'audit-log-files': '3',
};
const servingWith = (flags: Flags = {}) => servingOf(loadConfig({ flags: { ...SERVED, ...flags }, env: {} }).config);

function settled({ flags = {}, env = {}, served = {} }: { flags?: Flags; env?: Environment; served?: Flags } = {}) {
  const { config, origins } = loadConfig({ flags: { 'data-dir': '/srv/m', ...flags }, env });
  return asServed(config, { serving: servingWith(served), origins });
}

test('the mirror is that of the server, unless the command is told of another', () => {
  expect(settled({ served: { mirror: '/mnt/copy' } }).mirror).toBe('/mnt/copy');
  expect(settled({ served: { mirror: '/mnt/copy' }, flags: { mirror: '/mnt/other' } }).mirror).toBe('/mnt/other');
  expect(settled({}).mirror).toBeUndefined();
});

test('a command that is told nothing does what the server would', () => {
  expect(settled()).toMatchObject({
    accountId: '444455556666',
    region: 'eu-west-1',
    auditLog: { path: '/srv/m/audit/audit.log', fileBytesMax: 2 * 2 ** 20, filesMax: 3 },
  });
  expect(settled({ served: { 'audit-log': '/var/log/m' } }).auditLog?.path).toBe('/var/log/m');
  expect(settled({ served: { 'audit-log': 'off' } }).auditLog).toBeUndefined();
});

test('a server that is started as another one than before says so, and no other does', () => {
  const config = loadConfig({ flags: SERVED, env: {} }).config;
  expect(servedOtherwise(undefined, config)).toBeUndefined();
  expect(servedOtherwise(servingWith({ 'audit-log': 'off' }), config)).toBeUndefined();
  expect(servedOtherwise(servingWith({ region: 'us-east-1', 'account-id': '111122223333' }), config)).toBe(
    'the server is started otherwise than before: --account-id is 444455556666 and was 111122223333, ' +
      '--region is eu-west-1 and was us-east-1; the vaults and policies of before keep their ARNs',
  );
});

test('the audit log in the data directory moves with it', () => {
  expect(settled({ flags: { 'data-dir': '/srv/moved' } }).auditLog?.path).toBe('/srv/moved/audit/audit.log');
  const outside = { flags: { 'data-dir': '/srv/moved' }, served: { 'audit-log': '/srv/m2/audit.log' } };
  expect(settled(outside).auditLog?.path).toBe('/srv/m2/audit.log');
});

test('what it is told about the audit log counts', () => {
  expect(settled({ flags: { 'audit-log': 'off' } }).auditLog).toBeUndefined();
  expect(settled({ env: { MORAINE_AUDIT_LOG: '/var/log/other' } }).auditLog?.path).toBe('/var/log/other');
  expect(settled({ flags: { 'audit-log-size': '5MiB', 'audit-log-files': '7' } }).auditLog).toEqual({
    path: '/srv/m/audit/audit.log',
    fileBytesMax: 5 * 2 ** 20,
    filesMax: 7,
  });
});

test('the same account and region may be said again, others are refused', () => {
  const same = { MORAINE_ACCOUNT_ID: '444455556666', MORAINE_REGION: 'eu-west-1' };
  expect(settled({ env: same })).toMatchObject({ accountId: '444455556666', region: 'eu-west-1' });
  expect(() => settled({ env: { MORAINE_REGION: 'us-east-1' } })).toThrow(
    'MORAINE_REGION is us-east-1, but the server of this data directory was started with eu-west-1',
  );
  expect(() => settled({ flags: { 'account-id': '111122223333' } })).toThrow(
    '--account-id is 111122223333, but the server of this data directory was started with 444455556666',
  );
});

test('without a server that ever was there is nothing to go by', () => {
  const { config, origins } = loadConfig({ flags: { 'data-dir': '/srv/m' }, env: {} });
  expect(() => asServed(config, { serving: undefined, origins })).toThrow(
    'no server has served the data directory /srv/m since accounts are kept in it; start `moraine serve` on it once',
  );
});
