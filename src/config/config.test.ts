import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfig } from './config.ts';
import { ConfigError } from './errors.ts';
import type { Environment, Flags } from './sources.ts';

const directory = mkdtempSync(join(tmpdir(), 'moraine-config-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const path = join(directory, 'moraine.yaml');

const withFile = (text: string): string => {
  writeFileSync(path, text);
  return path;
};

const problemOf = (options: { flags?: Flags; env?: Environment; file?: string }): string => {
  const flags = options.file === undefined ? options.flags : { config: withFile(options.file), ...options.flags };
  try {
    loadConfig({ flags: flags ?? {}, env: options.env ?? {} });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  return 'accepted';
};

const NONE = { minMs: 0, maxMs: 0 };

test('without any word from anybody the defaults count', () => {
  expect(loadConfig({ flags: {}, env: { PATH: '/bin' } })).toEqual({
    config: {
      listen: { host: '127.0.0.1', port: 7400 },
      dataDir: resolve('moraine-data'),
      region: 'us-east-1',
      accountId: '111122223333',
      metadata: { engine: 'sqlite' },
      blobs: { provider: 'disk' },
      encryption: 'aes-256-gcm',
      encryptionKeyCommand: undefined,
      diskReserve: 'default',
      adminListen: undefined,
      profile: 'local',
      retrievalTimes: { expedited: NONE, standard: NONE, bulk: NONE, inventory: NONE },
      retrievalLimits: { freeBytesPerMonth: 10 * 2 ** 30, expeditedSlots: null },
      insufficientCapacityStatus: 503,
      inventory: 'live',
      jobRetentionMs: 86_400_000,
      scrubEveryMs: 30 * 24 * 3600 * 1000,
      clockToleranceMs: 604_800_000,
      native: 'on',
      uploadStallTimeoutMs: 60_000,
      snsEndpoint: undefined,
      publicUrl: undefined,
      webhookNetworks: [],
      selectOutput: { provider: 'disk' },
      selectOutputBytesMax: 100 * 2 ** 30,
      selectStrict: false,
      trustedProxies: [],
      auditLog: { path: resolve('moraine-data/audit/audit.log'), fileBytesMax: 67_108_864, filesMax: 10 },
      logLevel: 'info',
    },
    secrets: {},
    origins: new Map(),
  });
});

test('a flag counts before the environment, that before the file, that before the default', () => {
  const file = withFile('region: file-1\nlisten: 10.0.0.1:1\naccount-id: 012345678901\n');
  const env = { MORAINE_CONFIG: file, MORAINE_REGION: 'env-1', MORAINE_LISTEN: '10.0.0.2:2' };
  const { config } = loadConfig({ flags: { listen: '10.0.0.3:3' }, env });
  expect(config).toMatchObject({
    listen: { host: '10.0.0.3', port: 3 },
    region: 'env-1',
    accountId: '012345678901',
    inventory: 'live',
  });
});

test('what bounds retrievals can be set', () => {
  const flags = { 'free-retrieval': '0', 'expedited-slots': '0', 'insufficient-capacity-status': '400' };
  expect(loadConfig({ flags, env: {} }).config).toMatchObject({
    retrievalLimits: { freeBytesPerMonth: 0, expeditedSlots: 0 },
    insufficientCapacityStatus: 400,
  });
});

describe('profiles', () => {
  test('amazon waits as Amazon does; a single setting overrides a single time', () => {
    const env = { MORAINE_PROFILE: 'amazon' };
    const { config } = loadConfig({ flags: { 'retrieval-times': 'standard=1s..2s' }, env });
    expect(config.inventory).toBe('daily');
    expect(config.retrievalTimes).toEqual({
      expedited: { minMs: 60_000, maxMs: 300_000 },
      standard: { minMs: 1000, maxMs: 2000 },
      bulk: { minMs: 18_000_000, maxMs: 43_200_000 },
      inventory: { minMs: 10_800_000, maxMs: 18_000_000 },
    });
  });

  test('the file counts before the profile, wherever the profile was named', () => {
    const config = withFile('inventory: live\nretrieval-times:\n  bulk: 1s\n  inventory: 2s..3s\n');
    const loaded = loadConfig({ flags: { config, profile: 'amazon' }, env: {} }).config;
    expect(loaded.inventory).toBe('live');
    expect(loaded.retrievalTimes.bulk).toEqual({ minMs: 1000, maxMs: 1000 });
    expect(loaded.retrievalTimes.inventory).toEqual({ minMs: 2000, maxMs: 3000 });
    expect(loaded.retrievalTimes.expedited).toEqual({ minMs: 60_000, maxMs: 300_000 });
  });
});

describe('values that do not fit are refused with the place they came from', () => {
  test.each<[Flags, string]>([
    [{ listen: '7400' }, '--listen must be HOST:PORT like 127.0.0.1:7400 or [::1]:7400, not "7400"'],
    [{ listen: '' }, '--listen must not be empty'],
    [{ 'data-dir': '' }, '--data-dir must not be empty'],
    [{ region: 'US East' }, '--region must be a region like us-east-1, not "US East"'],
    [{ 'account-id': '1234' }, '--account-id must be an account id of 12 digits, not "1234"'],
    [{ inventory: 'weekly' }, '--inventory must be live or daily, not "weekly"'],
    [{ profile: 'aws' }, '--profile must be local or amazon, not "aws"'],
    [{ 'job-retention': '0s' }, '--job-retention must be a duration like 90s or 24h, from 1s to 36500d, not "0s"'],
    [
      { 'upload-stall-timeout': '30d' },
      '--upload-stall-timeout must be a duration like 90s or 24h, from 100ms to 1d, not "30d"',
    ],
    [
      { 'retrieval-times': 'slow=1s' },
      '--retrieval-times must name expedited, standard, bulk, inventory only, not "slow"',
    ],
    [
      { 'log-level': 'loud' },
      '--log-level must be trace or debug or info or warn or error or fatal or silent, not "loud"',
    ],
    [{ region: 'x\ny' }, '--region must be a region like us-east-1, not "x\\ny"'],
    [
      { 'free-retrieval': '10 GiB' },
      '--free-retrieval must be a size like 500MB or 10GiB, from 0 to 4096TiB, not "10 GiB"',
    ],
    [
      { 'free-retrieval': '4097TiB' },
      '--free-retrieval must be a size like 500MB or 10GiB, from 0 to 4096TiB, not "4097TiB"',
    ],
    [{ 'expedited-slots': '-1' }, '--expedited-slots must be a whole number up to 999999, or unlimited, not "-1"'],
    [{ 'insufficient-capacity-status': '500' }, '--insufficient-capacity-status must be 503 or 400, not "500"'],
    [{ metadata: 'postgress://me:secret@host/db' }, '--metadata must be sqlite, not "postgress"'],
    ...[
      'localhost:4566',
      'ftp://host',
      'http://',
      'http:///host',
      'http://me:secret@host',
      'http://host/?a',
      'http://host/#a',
      'http://host\\x',
      'http://ho st',
      'http://[::1',
    ].map((url): [Flags, string] => [
      { 'sns-endpoint': url },
      '--sns-endpoint must be an http or https URL without user name, query and fragment, like https://archive.example',
    ]),
    ...['10.0.0.0', '10.0.0.0/33', '10.0.0.0/8,', 'none,10.0.0.0/8', 'fd00::/129', '10.0.0.0/8 fd00::/8', 'any'].map(
      (text): [Flags, string] => [
        { 'webhook-networks': text },
        `--webhook-networks must be networks like 10.0.0.0/8,fd00:1::/32 or none, not "${text}"`,
      ],
    ),
  ])('%j', (flags, message) => {
    expect(problemOf({ flags })).toBe(message);
  });

  test('an environment variable and a key of the file are named as such', () => {
    expect(problemOf({ env: { MORAINE_INVENTORY: '' } })).toBe('MORAINE_INVENTORY must not be empty');
    expect(problemOf({ file: 'inventory: x' })).toBe(`inventory in ${path} must be live or daily, not "x"`);
  });
});

test.each<[Flags, string]>([
  [
    { metadata: 'postgres://me:secret@host/db' },
    '--metadata asks for PostgreSQL, which this version of Moraine does not have yet; use sqlite',
  ],
  [
    { blobs: 's3://bucket/x' },
    '--blobs asks for an S3 store, which this version of Moraine does not have yet; use disk',
  ],
])('what this version lacks is refused, not ignored: %j', (flags, message) => {
  expect(problemOf({ flags })).toBe(message);
});

describe('unknown names', () => {
  test.each([
    ['MORAINE_LISEN', 'MORAINE_LISEN in the environment is no setting; did you mean MORAINE_LISTEN?'],
    ['MORAINE_DATADIR', 'MORAINE_DATADIR in the environment is no setting; did you mean MORAINE_DATA_DIR?'],
    ['MORAINE_PORT', 'MORAINE_PORT in the environment is no setting'],
    ['MORAINE_COMPLETELY_DIFFERENT_WORDS', 'MORAINE_COMPLETELY_DIFFERENT_WORDS in the environment is no setting'],
  ])('%s', (name, message) => {
    expect(problemOf({ env: { [name]: 'x' } })).toBe(message);
  });

  test('what Kubernetes says about a service named moraine is no setting and no mistake', () => {
    const env = {
      MORAINE_SERVICE_HOST: '10.0.0.1',
      MORAINE_SERVICE_PORT: '7400',
      MORAINE_SERVICE_PORT_GLACIER: '7400',
      MORAINE_PORT: 'tcp://10.0.0.1:7400',
      MORAINE_PORT_7400_TCP: 'tcp://10.0.0.1:7400',
      MORAINE_PORT_7400_TCP_ADDR: '10.0.0.1',
    };
    expect(problemOf({ env })).toBe('accepted');
  });
});

describe('the file', () => {
  test.each([
    ['', 'accepted'],
    ['# nothing\n', 'accepted'],
    ['regoin: a-1', `"regoin" in ${path} is no setting; did you mean region?`],
    ['config: x', `"config" in ${path} is no setting`],
    ['region:', `region in ${path} must not be empty`],
    ['region: [a]', `region in ${path} must be a single value`],
    ['retrieval-times: [a]', `retrieval-times in ${path} must be a single value or a mapping of names to values`],
    ['- a', `${path} must hold a mapping of settings, like "region: us-east-1"`],
    ['region: a\nregion: b', `${path} is no valid YAML: Map keys must be unique at line 2, column 1`],
    ['{a: 1}: x', `${path} has a key that is no text`],
    ['__proto__: x', `"__proto__" in ${path} is no setting`],
    [
      'root-access-key-id: x',
      `root-access-key-id in ${path} is a secret; set MORAINE_ROOT_ACCESS_KEY_ID in the environment`,
    ],
    ['encryption-key: x', `encryption-key in ${path} is a secret; set MORAINE_ENCRYPTION_KEY in the environment`],
    ['secrets-key: x', `secrets-key in ${path} is a secret; set MORAINE_SECRETS_KEY in the environment`],
  ])('%j', (file, message) => {
    expect(problemOf({ file })).toBe(message);
  });

  test('one that is not there', () => {
    expect(problemOf({ env: { MORAINE_CONFIG: '/nowhere.yaml' } })).toBe(
      "MORAINE_CONFIG names a file that cannot be read: ENOENT: no such file or directory, open '/nowhere.yaml'",
    );
    expect(problemOf({ flags: { config: '' } })).toBe('--config must not be empty');
  });
});
