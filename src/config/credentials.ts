import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { newAccessKeyId, newSecretAccessKey, PERMANENT } from '../model/access-keys.ts';
import type { Secrets } from './config.ts';
import { writeFileDurably } from './durable.ts';
import { ConfigError } from './errors.ts';
import { readIniSection } from './ini.ts';
import { hasPrivateFile } from './private-file.ts';
import { secretSettings } from './secret-settings.ts';

/**
 * The root key of the first account: from the environment, else from `<data-dir>/credentials`, else made now and written
 * there. The file has the format that AWS tools read (AWS_SHARED_CREDENTIALS_FILE), profile `default`. One that cannot be
 * understood is an error and is never overwritten: it may be the only copy.
 */
export interface RootKey {
  accessKeyId: string;
  secretAccessKey: string;
  /** The file it is in; undefined when it came from the environment. */
  path?: string;
  /** True when there was none and this call made it. */
  made: boolean;
}

/** Call it only while owning the data directory. Throws ConfigError. */
export function loadOrMakeRootKey({ dataDir, secrets }: { dataDir: string; secrets: Secrets }): RootKey {
  if (secrets.rootKey !== undefined) return { ...secrets.rootKey, made: false };
  const path = join(dataDir, 'credentials');
  try {
    return hasPrivateFile(path) ? { ...readKey(path), path, made: false } : { ...makeKey(path), path, made: true };
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(`the root key in ${path} cannot be used: ${(cause as Error).message}`, { cause });
  }
}

/** The same for who must not make one. Throws ConfigError when there is none. */
export function findRootKey({ dataDir, secrets }: { dataDir: string; secrets: Secrets }): RootKey {
  const path = join(dataDir, 'credentials');
  if (secrets.rootKey !== undefined || hasPrivateFile(path)) return loadOrMakeRootKey({ dataDir, secrets });
  throw new ConfigError(
    `the root key is neither in ${path} nor in the environment: commands need the MORAINE_ variables that the server gets`,
  );
}

function readKey(path: string): { accessKeyId: string; secretAccessKey: string } {
  const section = readIniSection(readFileSync(path, 'utf8'), 'default');
  if ('problem' in section) throw new ConfigError(`${path} ${section.problem}`);
  const read = (key: string, schema: z.ZodType<string, string>): string => {
    const text = section.entries.get(key);
    if (text === undefined) throw new ConfigError(`${path} has no ${key} in its section [default]`);
    const result = schema.safeParse(text);
    if (!result.success) throw new ConfigError(`${key} in ${path} ${result.error.issues[0]?.message}`);
    return result.data;
  };
  return {
    accessKeyId: read('aws_access_key_id', secretSettings.MORAINE_ROOT_ACCESS_KEY_ID.value),
    secretAccessKey: read('aws_secret_access_key', secretSettings.MORAINE_ROOT_SECRET_ACCESS_KEY.value),
  };
}

function makeKey(path: string): { accessKeyId: string; secretAccessKey: string } {
  const accessKeyId = newAccessKeyId(PERMANENT);
  const secretAccessKey = newSecretAccessKey();
  const lines = ['[default]', `aws_access_key_id = ${accessKeyId}`, `aws_secret_access_key = ${secretAccessKey}`, ''];
  writeFileDurably(path, lines.join('\n'));
  return { accessKeyId, secretAccessKey };
}
