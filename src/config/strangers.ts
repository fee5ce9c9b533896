import { opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** Names in the data directory that Moraine gives, and what may be in these places. Whatever else is there is a stranger. */
const TOP =
  /^(?:owner\.(?:lock|json|json\.unfinished)|credentials|secrets\.key|encryption\.key|metadata\.sqlite(?:\.trial)?(?:-wal|-shm|-journal)?|notify-signing\.pem|rebuilding|admin\.sock|audit|blobs|fixity|select-output|lost\+found)$/;
const BLOBS =
  /^(?:incoming|locks|vaults|segments|(?:store|master-keys)\.json(?:\.unfinished)?|new-copy|lost\+found|[0-9a-f]{2})$/;
const LARGE = /^[0-9a-f]{32}$/;
const FAN_OUT = /^[0-9a-f]{2}$/;
const SEGMENT = /^(?:incoming|[0-9a-f]{8}\.(?:seg|holes))$/;
const VAULT = /^[0-9a-f]{32}\.json(?:\.\d+\.unfinished)?$/;
const LOCK = /^\d{10}\.json(?:\.unfinished)?$/;

/** Paths within the data directory that are none of Moraine's, as far as names tell. */
export async function* strangersIn(dataDir: string): AsyncGenerator<string, void, void> {
  yield* unlike(dataDir, '', TOP);
  yield* unlike(dataDir, 'blobs', BLOBS);
  for await (const { name } of entriesOf(join(dataDir, 'blobs'))) {
    if (FAN_OUT.test(name)) yield* unlike(dataDir, join('blobs', name), LARGE);
  }
  yield* unlike(dataDir, 'blobs/segments', SEGMENT);
  yield* unlike(dataDir, 'blobs/vaults', VAULT);
  yield* unlike(dataDir, 'blobs/locks', LOCK);
}

async function* unlike(dataDir: string, within: string, known: RegExp): AsyncGenerator<string, void, void> {
  for await (const { name } of entriesOf(join(dataDir, within))) if (!known.test(name)) yield join(within, name);
}

async function* entriesOf(path: string): AsyncGenerator<{ name: string }, void, void> {
  try {
    yield* await opendir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
