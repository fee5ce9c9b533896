import { join, resolve } from 'node:path';
import type { z } from 'zod';
import type { RetrievalLimits } from '../model/retrieval-limits.ts';
import type { Delay, RetrievalTimes } from '../model/retrieval-times.ts';
import type { Address } from './addresses.ts';
import { ConfigError } from './errors.ts';
import { settingNames, settingOf, type Values, valuesSchema } from './schema.ts';
import { secretSettings } from './secret-settings.ts';
import type { Origins } from './served.ts';
import { profiles, type SettingName, settings } from './settings.ts';
import { type Entry, type Environment, type Flags, gatherEntries } from './sources.ts';

/** Everything the server is told, checked and typed. It holds no secret, so it may be logged. */
export interface Config {
  listen: Address;
  /** Absolute. */
  dataDir: string;
  region: string;
  accountId: string;
  metadata: Values['metadata'];
  blobs: Values['blobs'];
  encryption: Values['encryption'];
  encryptionKeyCommand: Values['encryption-key-command'];
  /** Bytes that uploads leave free on each file system. */
  diskReserve: Values['disk-reserve'];
  adminListen: Values['admin-listen'];
  /** Absolute. */
  mirror: string | undefined;
  profile: Values['profile'];
  retrievalTimes: RetrievalTimes;
  retrievalLimits: RetrievalLimits;
  insufficientCapacityStatus: 400 | 503;
  inventory: Values['inventory'];
  jobRetentionMs: number;
  clockToleranceMs: number;
  native: Values['native'];
  uploadStallTimeoutMs: number;
  snsEndpoint: Values['sns-endpoint'];
  publicUrl: Values['public-url'];
  /** In CIDR notation. */
  webhookNetworks: Values['webhook-networks'];
  selectOutput: Values['select-output'];
  /** Bytes that the results of one select job may take. */
  selectOutputBytesMax: number;
  selectStrict: boolean;
  /** Addresses and networks. */
  trustedProxies: readonly string[];
  auditLog: AuditLogConfig | undefined;
  logLevel: Values['log-level'];
}

/** Where and how the audit log is kept. */
export interface AuditLogConfig {
  /** Absolute. */
  path: string;
  fileBytesMax: number;
  filesMax: number;
}

/** What the environment gives apart from the settings. */
export interface Secrets {
  /** The root key of the first account. */
  rootKey?: { accessKeyId: string; secretAccessKey: string };
  /** The key under which the secrets of access keys are kept. */
  secretsKey?: Buffer;
  /** The keys that archives are encrypted under, the current one first. */
  encryptionKeys?: Buffer[];
}

/**
 * Reads every setting: a flag counts before the environment, that before the file, that before what the profile says, and
 * last comes the default. Throws ConfigError.
 */
export function loadConfig({ flags, env }: { flags: Flags; env: Environment }): {
  config: Config;
  secrets: Secrets;
  origins: Origins;
} {
  const entries = gatherEntries({ flags, env });
  const values = readValues(entries);
  const config: Config = {
    listen: values.listen,
    dataDir: resolve(values['data-dir']),
    region: values.region,
    accountId: values['account-id'],
    metadata: values.metadata,
    blobs: values.blobs,
    encryption: values.encryption,
    encryptionKeyCommand: values['encryption-key-command'],
    diskReserve: values['disk-reserve'],
    adminListen: values['admin-listen'],
    mirror: values.mirror === undefined ? undefined : resolve(values.mirror),
    profile: values.profile,
    retrievalTimes: { ...retrievalTimesOf(values.profile), ...values['retrieval-times'] },
    retrievalLimits: {
      freeBytesPerMonth: values['free-retrieval'],
      expeditedSlots: values['expedited-slots'],
    },
    insufficientCapacityStatus: values['insufficient-capacity-status'] === '400' ? 400 : 503,
    inventory: values.inventory,
    jobRetentionMs: values['job-retention'],
    clockToleranceMs: values['clock-tolerance'],
    native: values.native,
    uploadStallTimeoutMs: values['upload-stall-timeout'],
    snsEndpoint: values['sns-endpoint'],
    publicUrl: values['public-url'],
    webhookNetworks: values['webhook-networks'],
    selectOutput: values['select-output'],
    selectOutputBytesMax: values['select-output-max'],
    selectStrict: values['select-strict'] === 'on',
    trustedProxies: values['trusted-proxies'] ?? [],
    auditLog: auditLogOf(values),
    logLevel: values['log-level'],
  };
  const origins = new Map(Array.from(entries, ([name, { origin }]) => [name, origin]));
  const secrets = secretsOf(env);
  const commandOrigin = origins.get('encryption-key-command');
  if (commandOrigin !== undefined && secrets.encryptionKeys !== undefined) {
    throw new ConfigError(`MORAINE_ENCRYPTION_KEY and ${commandOrigin} both give the encryption keys; set one of them`);
  }
  return { config, secrets, origins };
}

function auditLogOf(values: Values): AuditLogConfig | undefined {
  const place = values['audit-log'];
  if (place === 'off') return undefined;
  return {
    path: place === 'on' ? join(resolve(values['data-dir']), 'audit', 'audit.log') : resolve(place.path),
    fileBytesMax: values['audit-log-size'],
    filesMax: values['audit-log-files'],
  };
}

function readValues(entries: ReadonlyMap<SettingName, Entry>): Values {
  const profileEntry = entries.get('profile');
  const profile = profileEntry === undefined ? 'local' : parse(settings.profile.value, profileEntry);
  const texts = settingNames.map((name) => [
    name,
    entries.get(name)?.text ?? profiles[profile][name] ?? settingOf(name).default,
  ]);
  const result = valuesSchema.safeParse(Object.fromEntries(texts));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const origin = settingNames.map((name) => (name === issue?.path[0] ? entries.get(name)?.origin : undefined));
  throw new ConfigError(`${origin.find((text) => text !== undefined)} ${issue?.message}`);
}

/** A list that names one tier leaves the others as the profile has them. */
function retrievalTimesOf(profile: Values['profile']): RetrievalTimes {
  const { default: defaultText, value } = settings['retrieval-times'];
  const profileText = profiles[profile]['retrieval-times'];
  const none: Delay = { minMs: 0, maxMs: 0 };
  return {
    expedited: none,
    standard: none,
    bulk: none,
    inventory: none,
    ...value.parse(profileText ?? defaultText),
  };
}

function secretsOf(env: Environment): Secrets {
  const read = <T>(name: keyof typeof secretSettings, value: z.ZodType<T, string>): T | undefined => {
    const text = env[name];
    return text === undefined ? undefined : parse(value, { text, origin: name });
  };
  const rootKey = rootKeyOf(env);
  const secretsKey = read('MORAINE_SECRETS_KEY', secretSettings.MORAINE_SECRETS_KEY.value);
  const encryptionKeys = read('MORAINE_ENCRYPTION_KEY', secretSettings.MORAINE_ENCRYPTION_KEY.value);
  return { ...(rootKey && { rootKey }), ...(secretsKey && { secretsKey }), ...(encryptionKeys && { encryptionKeys }) };
}

function rootKeyOf(env: Environment): Secrets['rootKey'] {
  const [idName, secretName] = ['MORAINE_ROOT_ACCESS_KEY_ID', 'MORAINE_ROOT_SECRET_ACCESS_KEY'] as const;
  const [id, secret] = [env[idName], env[secretName]];
  if (id === undefined && secret === undefined) return undefined;
  if (id === undefined) throw new ConfigError(`${secretName} needs ${idName} beside it`);
  if (secret === undefined) throw new ConfigError(`${idName} needs ${secretName} beside it`);
  return {
    accessKeyId: parse(secretSettings[idName].value, { text: id, origin: idName }),
    secretAccessKey: parse(secretSettings[secretName].value, { text: secret, origin: secretName }),
  };
}

function parse<T>(schema: z.ZodType<T, string>, { text, origin }: Entry): T {
  const result = schema.safeParse(text);
  if (result.success) return result.data;
  throw new ConfigError(`${origin} ${result.error.issues[0]?.message}`);
}
