import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileDurably } from '../config/durable.ts';
import { ConfigError } from '../config/errors.ts';

/**
 * Which master keys may have wrapped the keys of blobs, kept beside them in `master-keys.json`: the ids, never the keys. An
 * id is written, durably, before its key wraps anything, and taken away when nothing is left that it has wrapped. So a
 * server knows at start, without looking at blobs, whether it has what it needs to read them. With a mirror each
 * directory has the record, because either may be all that is left.
 */
const NAME = 'master-keys.json';
const FORMAT = 1;
const KEY_ID = /^[0-9a-f]{16}$/;

export class KeyRecord {
  readonly #directories: readonly string[];
  #keyIds: readonly string[];
  /** Whether each directory has all of them; a mirror that is new has none. */
  #isEverywhere: boolean;

  private constructor(directories: readonly string[], records: readonly string[][]) {
    this.#directories = directories;
    this.#keyIds = [...new Set(records.flat())];
    this.#isEverywhere = records.every((keyIds) => keyIds.length === this.#keyIds.length);
  }

  /** Reads the records below these directories; what one of them names counts. Throws ConfigError. */
  static open(directories: readonly string[]): KeyRecord {
    return new KeyRecord(
      directories,
      directories.map((directory) => keyIdsIn(join(directory, NAME))),
    );
  }

  /** The newest first. */
  get keyIds(): readonly string[] {
    return this.#keyIds;
  }

  /** Notes that this key wraps from now on; durable on return. */
  add(keyId: string): void {
    if (this.#keyIds.includes(keyId) && this.#isEverywhere) return;
    this.keep([...new Set([keyId, ...this.#keyIds])]);
  }

  /** Has the record name these keys and no others; durable on return. */
  keep(keyIds: readonly string[]): void {
    const text = `${JSON.stringify({ format: FORMAT, wrappedBy: keyIds })}\n`;
    // A mirror that the store has not begun yet, or that is not mounted, gets the record with the next key that is noted.
    const there = this.#directories.filter((directory, index) => index === 0 || existsSync(directory));
    for (const directory of there) writeFileDurably(join(directory, NAME), text);
    this.#keyIds = keyIds;
    this.#isEverywhere = there.length === this.#directories.length;
  }
}

function keyIdsIn(path: string): string[] {
  if (!existsSync(path)) return [];
  try {
    const { format, wrappedBy } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    if (format !== FORMAT) throw new Error('another version of Moraine has written it');
    if (!Array.isArray(wrappedBy) || !wrappedBy.every((id) => KEY_ID.test(id))) throw new Error('it names no key ids');
    return wrappedBy;
  } catch (cause) {
    throw new ConfigError(
      `the record of encryption keys ${path} cannot be understood: ${(cause as Error).message}; put its backup back`,
      { cause },
    );
  }
}
