import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '../model/limits.ts';
import type { Config, Secrets } from './config.ts';
import { writeFileDurably } from './durable.ts';
import { ConfigError } from './errors.ts';
import { runKeyCommand } from './key-command.ts';
import { KEY_BYTES, readEncryptionKeys } from './keys.ts';
import { hasPrivateFile } from './private-file.ts';

/**
 * The keys that archives are encrypted under: from the environment, else from the operator's command, else from
 * `<data-dir>/encryption.key`, one a line. The first is the current one. They are read when they are first needed: most
 * commands do without. A file that cannot be understood is an error and is never overwritten.
 */
export class EncryptionKeys {
  /** Where they are, or would be, for messages. */
  readonly origin: string;
  readonly source: 'environment' | 'command' | 'file';
  /** The file, whatever counts. */
  readonly path: string;
  readonly #read: () => readonly Buffer[];
  #keys: readonly Buffer[] | undefined;

  private constructor({ source, origin, path, read }: Place) {
    this.source = source;
    this.origin = origin;
    this.path = path;
    this.#read = read;
  }

  /** Reads nothing yet. Use it only while owning the data directory. */
  static of({ dataDir, config, secrets }: { dataDir: string; config: Keyed; secrets: Secrets }): EncryptionKeys {
    const path = join(dataDir, 'encryption.key');
    const { encryptionKeys } = secrets;
    if (encryptionKeys !== undefined) {
      const origin = 'MORAINE_ENCRYPTION_KEY';
      return new EncryptionKeys({ source: 'environment', origin, path, read: () => encryptionKeys });
    }
    const command = config.encryptionKeyCommand;
    if (command !== undefined) {
      const origin = 'what the command of --encryption-key-command prints';
      return new EncryptionKeys({ source: 'command', origin, path, read: () => keysFrom(command, origin) });
    }
    return new EncryptionKeys({ source: 'file', origin: path, path, read: () => keysIn(path) });
  }

  /** The keys; none when the file has not been made yet. Throws ConfigError. */
  find(): readonly Buffer[] {
    this.#keys ??= this.#read();
    return this.#keys;
  }

  /** Whether the file has keys, though others may count. */
  fileKeys(): readonly Buffer[] {
    return keysIn(this.path);
  }

  /** Puts a new key first, or the only one; it is durable on return. Only for keys in the file. */
  add(): readonly Buffer[] {
    return this.keep([randomBytes(KEY_BYTES), ...this.find()]);
  }

  /** Has the file hold these keys and no others; durable on return. */
  keep(keys: readonly Buffer[]): readonly Buffer[] {
    if (this.source !== 'file') throw new Error(`keys are not kept in ${this.origin} by this program`);
    writeFileDurably(this.path, keys.map((key) => `${key.toString('base64')}\n`).join(''));
    this.#keys = keys;
    return keys;
  }
}

type Keyed = Pick<Config, 'encryptionKeyCommand'>;

interface Place {
  source: EncryptionKeys['source'];
  origin: string;
  path: string;
  read: () => readonly Buffer[];
}

function keysFrom(command: string, origin: string): Buffer[] {
  return understood(runKeyCommand(command, { timeoutMs: limits.encryptionKeyCommandMs }), origin);
}

function keysIn(path: string): readonly Buffer[] {
  try {
    return hasPrivateFile(path) ? understood(readFileSync(path, 'utf8'), path) : [];
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(`the encryption key in ${path} cannot be used: ${(cause as Error).message}`, { cause });
  }
}

function understood(text: string, origin: string): Buffer[] {
  const reading = readEncryptionKeys(text);
  if ('keys' in reading) return reading.keys;
  throw new ConfigError(`${origin} ${reading.problem}`);
}
