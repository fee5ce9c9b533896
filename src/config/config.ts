import { resolve } from 'node:path';
import type { z } from 'zod';
import type { RetrievalLimits } from '../model/retrieval-limits.ts';
import type { Delay, RetrievalTimes } from '../model/retrieval-times.ts';
import type { Address } from './addresses.ts';
import { ConfigError } from './errors.ts';
import { settingNames, settingOf, type Values, valuesSchema } from './schema.ts';
import { profiles, type SettingName, secretSettings, settings } from './settings.ts';
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
  profile: Values['profile'];
  retrievalTimes: RetrievalTimes;
  retrievalLimits: RetrievalLimits;
  insufficientCapacityStatus: 400 | 503;
  inventory: Values['inventory'];
  jobRetentionMs: number;
  clockToleranceMs: number;
  uploadStallTimeoutMs: number;
  selectOutput: Values['select-output'];
  logLevel: Values['log-level'];
}

/** The root key of the first account as the environment gives it. */
export interface Secrets {
  rootAccessKeyId: string;
  rootSecretAccessKey: string;
}

/**
 * Reads every setting: a flag counts before the environment, that before the file, that before what the profile says, and
 * last comes the default. Without a root key in the environment `secrets` is undefined. Throws ConfigError.
 */
export function loadConfig({ flags, env }: { flags: Flags; env: Environment }): {
  config: Config;
  secrets: Secrets | undefined;
} {
  const values = readValues(gatherEntries({ flags, env }));
  const config: Config = {
    listen: values.listen,
    dataDir: resolve(values['data-dir']),
    region: values.region,
    accountId: values['account-id'],
    metadata: values.metadata,
    blobs: values.blobs,
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
    uploadStallTimeoutMs: values['upload-stall-timeout'],
    selectOutput: values['select-output'],
    logLevel: values['log-level'],
  };
  return { config, secrets: secretsOf(env) };
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

function secretsOf(env: Environment): Secrets | undefined {
  const [idName, secretName] = ['MORAINE_ROOT_ACCESS_KEY_ID', 'MORAINE_ROOT_SECRET_ACCESS_KEY'] as const;
  const [id, secret] = [env[idName], env[secretName]];
  if (id === undefined && secret === undefined) return undefined;
  if (id === undefined) throw new ConfigError(`${secretName} needs ${idName} beside it`);
  if (secret === undefined) throw new ConfigError(`${idName} needs ${secretName} beside it`);
  return {
    rootAccessKeyId: parse(secretSettings[idName].value, { text: id, origin: idName }),
    rootSecretAccessKey: parse(secretSettings[secretName].value, { text: secret, origin: secretName }),
  };
}

function parse<T>(schema: z.ZodType<T, string>, { text, origin }: Entry): T {
  const result = schema.safeParse(text);
  if (result.success) return result.data;
  throw new ConfigError(`${origin} ${result.error.issues[0]?.message}`);
}
