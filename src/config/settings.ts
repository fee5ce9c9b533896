import type { z } from 'zod';
import type { Setting } from './setting.ts';
import { storageSettings } from './storage-settings.ts';
import {
  accountId,
  address,
  addressRanges,
  choiceWithLater,
  countOrUnlimited,
  duration,
  durationOrOff,
  networks,
  oneOf,
  onOffOrPath,
  path,
  region,
  retrievalTimes,
  selectOutput,
  size,
  webAddress,
  wholeNumber,
} from './values.ts';

/** Every setting but the secrets: the one place from which parsing, `--help` and docs/configuration.md follow. */
export const settings = {
  config: {
    placeholder: 'FILE',
    meaning: 'YAML file with settings, by the names of the flags without the dashes',
    value: path,
    inFile: false,
  },
  listen: {
    placeholder: 'HOST:PORT',
    default: '127.0.0.1:7400',
    meaning: 'where the Glacier API listens',
    detail: 'Port 0 takes a free port, which the ready line names. IPv6 addresses stand in brackets: `[::1]:7400`.',
    value: address,
  },
  'data-dir': {
    placeholder: 'DIR',
    default: './moraine-data',
    meaning: 'everything Moraine keeps, mode 0700, one server at a time',
    detail: 'A relative path starts at the working directory of the process, also when it stands in the file.',
    value: path,
  },
  region: {
    placeholder: 'REGION',
    default: 'us-east-1',
    meaning: 'region in ARNs and in signatures',
    detail:
      'Any lower-case name with dashes will do; clients must be set to the same one. Do not change it once policies were ' +
      'set: they name the region, and a locked vault denies everything in another one.',
    value: region,
  },
  'account-id': {
    placeholder: 'ID',
    default: '111122223333',
    meaning: 'the first account, 12 digits',
    value: accountId,
  },
  metadata: {
    placeholder: 'sqlite',
    default: 'sqlite',
    meaning: 'where the metadata is kept: sqlite (in the data directory)',
    detail: '`postgres://...` is refused: this version does not have it yet.',
    value: choiceWithLater({
      ready: 'sqlite',
      value: { engine: 'sqlite' as const },
      later: { pattern: /^postgres(ql)?:\/\//i, what: 'PostgreSQL' },
    }),
  },
  blobs: {
    placeholder: 'disk',
    default: 'disk',
    meaning: 'where the bytes of archives are kept: disk (in the data directory)',
    detail: '`s3://bucket/prefix?...` is refused: this version does not have it yet.',
    value: choiceWithLater({
      ready: 'disk',
      value: { provider: 'disk' as const },
      later: { pattern: /^s3:\/\//i, what: 'an S3 store' },
    }),
  },
  ...storageSettings,
  profile: {
    placeholder: 'local|amazon',
    default: 'local',
    meaning: 'amazon sets the retrieval times of Amazon and daily inventories; single settings still override',
    value: oneOf(['local', 'amazon']),
  },
  'retrieval-times': {
    placeholder: 'LIST',
    default: 'expedited=0s,standard=0s,bulk=0s,inventory=0s',
    meaning: 'delay from InitiateJob to completion for expedited, standard, bulk and inventory, each X or X..Y',
    detail:
      '`X..Y` is a uniform draw. What the list does not name stays as the profile has it. The file may hold a mapping.',
    value: retrievalTimes,
    mapping: true,
  },
  'free-retrieval': {
    placeholder: 'SIZE',
    default: '10GiB',
    meaning: 'what an account may retrieve in a month at the Standard tier under the data retrieval policy FreeTier',
    detail:
      'Each day (UTC) gets an equal share of its month. Accounts with another policy, or none, are not bound by it.',
    value: size({ min: '0', max: '4096TiB' }),
  },
  'expedited-slots': {
    placeholder: 'N|unlimited',
    default: 'unlimited',
    meaning: 'how many Expedited retrievals run at once on the server',
    detail:
      'When all are taken, further ones get `InsufficientCapacityException`, but an account may always start three in five ' +
      'minutes for each provisioned capacity unit that it has.',
    value: countOrUnlimited,
  },
  'insufficient-capacity-status': {
    placeholder: '503|400',
    default: '503',
    meaning: 'HTTP status of InsufficientCapacityException: 503 as in the developer guide, 400 as in the API model',
    detail: 'AWS SDKs try again by themselves after 503, and tell their caller at once after 400.',
    value: oneOf(['503', '400']),
  },
  inventory: {
    placeholder: 'live|daily',
    default: 'live',
    meaning: 'live: counts and inventories are as of now; daily: they are brought up to date once a day, as at Amazon',
    value: oneOf(['live', 'daily']),
  },
  'job-retention': {
    placeholder: 'DURATION',
    default: '24h',
    meaning: 'how long a finished job and its output stay',
    value: duration({ min: '1s', max: '36500d' }),
  },
  'scrub-every': {
    placeholder: 'DURATION|off',
    default: '30d',
    meaning: 'how long a pass of the scrub may take, which reads every archive to find damage; off: nothing is read',
    detail:
      'It reads as slowly as that allows, but no slower than 1 MiB a second, and rests when it is through ' +
      '(docs/operations.md).',
    value: durationOrOff({ min: '1s', max: '3650d' }),
  },
  'clock-tolerance': {
    placeholder: 'DURATION',
    default: '7d',
    meaning: 'how far the clock may jump ahead, all jumps together, before the age of archives allows nothing any more',
    detail:
      'Time during which the server does not run is such a jump. What was believed is forgotten at the pace of a week a ' +
      'year; beyond it an operator has to confirm the clock (docs/vault-lock.md).',
    value: duration({ min: '1h', max: '365d' }),
  },
  native: {
    placeholder: 'on|off',
    default: 'on',
    meaning: 'whether hashes, ciphers and file calls of archives are left to the addon, where there is one',
    detail:
      'Without the addon (no compiler, a processor without instructions for SHA-256) or with `off`, Node.js does the same ' +
      'work in about twice the CPU time. What is stored is the same.',
    value: oneOf(['on', 'off']),
  },
  'upload-stall-timeout': {
    placeholder: 'DURATION',
    default: '60s',
    meaning: 'an upload whose client sends almost nothing for this long is answered 408',
    value: duration({ min: '100ms', max: '1d' }),
  },
  'sns-endpoint': {
    placeholder: 'URL',
    meaning: 'SNS-compatible endpoint that messages about finished jobs are published to',
    detail: 'Credentials are looked for where AWS programs look: `AWS_ACCESS_KEY_ID`, `AWS_PROFILE`, a role and so on.',
    value: webAddress,
  },
  'public-url': {
    placeholder: 'URL',
    meaning: 'where receivers of webhooks reach this server; without it, where it listens',
    detail: 'It is the beginning of the links in messages: to confirm, to unsubscribe, to the certificate.',
    value: webAddress,
  },
  'webhook-networks': {
    placeholder: 'CIDR,...',
    default: 'none',
    meaning: 'networks that webhooks may be in besides the public internet, there also without TLS',
    detail: '`10.0.0.0/8,fd00:1::/32`. Everything that is not public is refused unless a network here contains it.',
    value: networks,
  },
  'select-output': {
    placeholder: 'disk|s3?OPTIONS',
    default: 'disk',
    meaning: 'where the results of Select jobs go: disk (<data-dir>/select-output/<bucket>/<key>) or s3, real buckets',
    detail:
      '`s3?endpoint=https://s3.example&region=eu-west-1` writes to whatever speaks S3 there; without an endpoint to ' +
      'Amazon, and without a region with that of `--region`. `path-style` is `true` where there is an endpoint, unless ' +
      'it says otherwise. Credentials are looked for as for `sns-endpoint`. The first account may name any of their ' +
      'buckets, another one those of `account.222233334444=one,two`; so may the first where it has such a list ' +
      '(docs/operations.md).',
    value: selectOutput,
  },
  'select-output-max': {
    placeholder: 'SIZE',
    default: '100GiB',
    meaning: 'what the results of one select job may take; a query that writes more fails',
    detail: 'Results can be far larger than their archive, and on `disk` they lie beside the metadata.',
    value: size({ min: '1MiB', max: '4096TiB' }),
  },
  'select-strict': {
    placeholder: 'on|off',
    default: 'off',
    meaning: 'on: Select refuses what the documents of Glacier do not list, as LIMIT, CASE and aggregates',
    detail: 'Queries that run under `on` run under `off` too, and mean the same.',
    value: oneOf(['on', 'off']),
  },
  'trusted-proxies': {
    placeholder: 'NETWORKS',
    meaning: 'addresses and networks of proxies that may say where requests come from, separated by commas',
    detail:
      'From these, and from nobody else, `X-Forwarded-For`, `-Proto`, `-Host` and `-Prefix` are believed. Without it ' +
      'every request comes from whoever opened its connection.',
    value: addressRanges,
  },
  'audit-log': {
    placeholder: 'on|off|FILE',
    default: 'on',
    meaning: 'where the audit log is written; on: <data-dir>/audit/audit.log',
    detail: 'The directory of another file must be there; a relative path starts at the working directory.',
    value: onOffOrPath,
  },
  'audit-log-size': {
    placeholder: 'SIZE',
    default: '64MiB',
    meaning: 'how large a file of the audit log gets before the next one begins',
    value: size({ min: '1MiB', max: '1TiB' }),
  },
  'audit-log-files': {
    placeholder: 'N',
    default: '10',
    meaning: 'how many files of the audit log are kept, the one that is written included',
    value: wholeNumber({ min: 2, max: 1000 }),
  },
  'log-level': {
    placeholder: 'LEVEL',
    default: 'info',
    meaning: 'how much is logged: trace, debug, info, warn, error, fatal or silent',
    value: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
  },
} satisfies Record<string, Setting>;

/** The kebab-case name that flag, variable and YAML key share. */
export type SettingName = keyof typeof settings;

/** What a profile says for the settings that nobody set. */
export const profiles: Record<z.output<typeof settings.profile.value>, Partial<Record<SettingName, string>>> = {
  local: {},
  amazon: {
    'retrieval-times': 'expedited=1m..5m,standard=3h..5h,bulk=5h..12h,inventory=3h..5h',
    inventory: 'daily',
  },
};
