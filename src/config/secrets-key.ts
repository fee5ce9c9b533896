import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileDurably } from './durable.ts';
import { ConfigError } from './errors.ts';
import { KEY_BYTES } from './keys.ts';
import { hasPrivateFile } from './private-file.ts';
import { secretSettings } from './secret-settings.ts';

/**
 * The key under which the secrets of access keys are kept in the database: from the environment, else from
 * `<data-dir>/secrets.key`, else made and written there when the first secret is kept. A file that cannot be understood
 * is an error and is never overwritten: without it every key that was made is lost.
 */
export class SecretsKey {
  /** Where it is, or would be, for messages. */
  readonly origin: string;
  readonly #path: string;
  #key: Buffer | undefined;

  private constructor({ origin, path, key }: { origin: string; path: string; key: Buffer | undefined }) {
    this.origin = origin;
    this.#path = path;
    this.#key = key;
  }

  /** Call it only while owning the data directory. Throws ConfigError. */
  static load({ dataDir, fromEnvironment }: { dataDir: string; fromEnvironment: Buffer | undefined }): SecretsKey {
    const path = join(dataDir, 'secrets.key');
    if (fromEnvironment !== undefined) {
      return new SecretsKey({ origin: 'MORAINE_SECRETS_KEY', path, key: fromEnvironment });
    }
    try {
      return new SecretsKey({ origin: path, path, key: hasPrivateFile(path) ? readKey(path) : undefined });
    } catch (cause) {
      if (cause instanceof ConfigError) throw cause;
      throw new ConfigError(`the key in ${path} cannot be used: ${(cause as Error).message}`, { cause });
    }
  }

  find(): Buffer | undefined {
    return this.#key;
  }

  findOrMake(): Buffer {
    if (this.#key !== undefined) return this.#key;
    const made = randomBytes(KEY_BYTES);
    writeFileDurably(this.#path, `${made.toString('base64')}\n`);
    this.#key = made;
    return made;
  }
}

function readKey(path: string): Buffer {
  const result = secretSettings.MORAINE_SECRETS_KEY.value.safeParse(readFileSync(path, 'utf8').trim());
  if (result.success) return result.data;
  throw new ConfigError(`the key in ${path} ${result.error.issues[0]?.message}`);
}
