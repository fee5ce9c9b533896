import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { ConfigError } from './errors.ts';
import { ENVIRONMENT_PREFIX, settingNames, settingOf } from './schema.ts';
import { secretSettings } from './secret-settings.ts';
import type { SettingName } from './settings.ts';
import type { Entry } from './sources.ts';
import { suggestion } from './suggestion.ts';

/**
 * The configuration file. It is read with YAML's failsafe schema, in which every scalar is text: the usual one would turn
 * the account id 012345678901 into a number and lose its zero.
 */
const FILE_NAMES = settingNames.filter((name) => settingOf(name).inFile !== false);

/** The settings in the file that `--config` or MORAINE_CONFIG names. */
export function readConfigFile({ text: path, origin }: Entry): Map<SettingName, Entry> {
  const entries = new Map<SettingName, Entry>();
  for (const [key, value] of parseFile(readText(path, origin), path)) {
    const name = knownName(key, path);
    const where = `${name} in ${path}`;
    entries.set(name, { text: textOf({ name, value, where }), origin: where });
  }
  return entries;
}

function readText(path: string, origin: string): string {
  if (path === '') throw new ConfigError(`${origin} must not be empty`);
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(`${origin} names a file that cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function parseFile(text: string, path: string): Map<unknown, unknown> {
  const document = parseDocument(text, { schema: 'failsafe' });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const [line = ''] = problem.message.split('\n');
    throw new ConfigError(`${path} is no valid YAML: ${line.replace(/:$/, '')}`);
  }
  const value: unknown = document.toJS({ mapAsMap: true });
  if (value === null || value === '') return new Map();
  if (!(value instanceof Map))
    throw new ConfigError(`${path} must hold a mapping of settings, like "region: us-east-1"`);
  return value;
}

function knownName(key: unknown, path: string): SettingName {
  const name = FILE_NAMES.find((known) => known === key);
  if (name !== undefined) return name;
  if (typeof key !== 'string') throw new ConfigError(`${path} has a key that is no text`);
  const secret = Object.keys(secretSettings).find((variable) => variable === environmentSpelling(key));
  if (secret !== undefined) throw new ConfigError(`${key} in ${path} is a secret; set ${secret} in the environment`);
  throw new ConfigError(`${JSON.stringify(key)} in ${path} is no setting${suggestion(key, FILE_NAMES)}`);
}

function environmentSpelling(key: string): string {
  const spelling = key.toUpperCase().replaceAll('-', '_');
  return spelling.startsWith(ENVIRONMENT_PREFIX) ? spelling : `${ENVIRONMENT_PREFIX}${spelling}`;
}

function textOf({ name, value, where }: { name: SettingName; value: unknown; where: string }): string {
  if (typeof value === 'string') return value;
  if (!settingOf(name).mapping) throw new ConfigError(`${where} must be a single value`);
  if (!(value instanceof Map) || [...value].flat().some((part) => typeof part !== 'string')) {
    throw new ConfigError(`${where} must be a single value or a mapping of names to values`);
  }
  return [...value].map(([key, part]) => `${key}=${part}`).join(',');
}
