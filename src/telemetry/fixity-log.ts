import { createReadStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { FixityEvent } from '../model/fixity.ts';
import { limits } from '../model/limits.ts';
import { RotatingFile } from './rotating-file.ts';

/**
 * The fixity log: one JSON object a line for each time that an archive was verified, in `fixity.log`, before that in
 * `fixity.log.1` and so on. It is what is shown to auditors, so that unlike lines of other logs none is dropped: whoever
 * writes an event waits for it, and hears of it when it cannot be written.
 */
const NAME = 'fixity.log';
const NAME_PATTERN = /^fixity\.log(?:\.(\d+))?$/;

export class FixityLog implements AsyncDisposable {
  readonly #file: RotatingFile;
  #written: Promise<void> = Promise.resolve();

  private constructor(file: RotatingFile) {
    this.#file = file;
  }

  /** The log in a directory, which is made if need be. The file is begun with the first event. */
  static async open(directory: string): Promise<FixityLog> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { fixityFileBytesMax: fileBytesMax, fixityFilesMax: filesMax } = limits;
    return new FixityLog(new RotatingFile({ path: join(directory, NAME), fileBytesMax, filesMax }));
  }

  /** Adds events, one after the other. When it throws, none of them is in the log. */
  async write(events: readonly FixityEvent[]): Promise<void> {
    if (events.length === 0) return;
    const lines = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const writing = this.#written.then(() => this.#file.append(lines));
    this.#written = writing.catch(() => undefined);
    await writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#written;
    await this.#file.close();
  }
}

/** The events in a directory, the oldest first; none where there is no log. Lines that are no events are passed over. */
export async function* readFixityLog(directory: string): AsyncGenerator<FixityEvent, void, void> {
  for (const name of await filesIn(directory)) {
    const lines = createInterface({
      input: createReadStream(join(directory, name)),
      crlfDelay: Number.POSITIVE_INFINITY,
    });
    for await (const line of lines) {
      const event = eventIn(line);
      if (event !== undefined) yield event;
    }
  }
}

async function filesIn(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory);
    const numbered = names.flatMap((name) => {
      const found = NAME_PATTERN.exec(name);
      return found === null ? [] : [{ name, number: Number(found[1] ?? 0) }];
    });
    return numbered.sort((a, b) => b.number - a.number).map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Half a line is what a crash may leave. */
function eventIn(line: string): FixityEvent | undefined {
  try {
    const value = JSON.parse(line) as Partial<FixityEvent> | null;
    return typeof value?.archiveId === 'string' && typeof value.result === 'string'
      ? (value as FixityEvent)
      : undefined;
  } catch {
    return undefined;
  }
}
