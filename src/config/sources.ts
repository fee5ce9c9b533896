import { ConfigError } from './errors.ts';
import { readConfigFile } from './file.ts';
import { ENVIRONMENT_PREFIX, environmentNameOf, settingNames } from './schema.ts';
import { secretSettings } from './secret-settings.ts';
import type { SettingName } from './settings.ts';
import { suggestion } from './suggestion.ts';

/** A setting as somebody wrote it, and where: `--listen`, `MORAINE_LISTEN` or `listen in moraine.yaml`. */
export interface Entry {
  text: string;
  origin: string;
}

/** The texts of the flags that were given, by the names of the settings. */
export type Flags = Partial<Record<SettingName, string>>;
/** As `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Kubernetes and `docker run --link` tell a container about a service named `moraine` in variables that look like ours;
 * the ambiguous ones are known by their value, a URL.
 */
const SERVICE_VARIABLE = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
const SERVICE_URL = /^(tcp|udp|sctp):\/\//;

/** The entry that counts for each setting: the flag, else the environment, else the file. */
export function gatherEntries({ flags, env }: { flags: Flags; env: Environment }): Map<SettingName, Entry> {
  refuseUnknownVariables(env);
  const named = new Map<SettingName, Entry>();
  for (const name of settingNames) {
    const entry = entryOf(flags[name], `--${name}`) ?? entryOf(env[environmentNameOf(name)], environmentNameOf(name));
    if (entry !== undefined) named.set(name, entry);
  }
  const file = named.get('config');
  return file === undefined ? named : new Map([...readConfigFile(file), ...named]);
}

function entryOf(text: string | undefined, origin: string): Entry | undefined {
  return text === undefined ? undefined : { text, origin };
}

function refuseUnknownVariables(env: Environment): void {
  const known = new Set([...settingNames.map(environmentNameOf), ...Object.keys(secretSettings)]);
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(ENVIRONMENT_PREFIX) || value === undefined || known.has(name)) continue;
    if (SERVICE_VARIABLE.test(name) || SERVICE_URL.test(value)) continue;
    throw new ConfigError(`${name} in the environment is no setting${suggestion(name, known)}`);
  }
}
