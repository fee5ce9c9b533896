import { parentPort } from 'node:worker_threads';
import { GroupCommit } from './group-commit.ts';
import { type FromWriter, packError, packOutcome, type Settled, type ToWriter } from './thread-messages.ts';
import { Writer } from './writer.ts';

/**
 * The thread that changes the metadata: no fsync, and no statement that changes anything, holds up the event loop that
 * requests are waiting in. Calls come in the order in which they were made and are answered when they are durable.
 */
const port = parentPort;
if (port === null) throw new Error('this is the entry of a thread');
const say = (message: FromWriter): void => port.postMessage(message);

let settled: Settled[] = [];
let opened: { writer: Writer; commits: GroupCommit } | undefined;

port.on('message', (message: ToWriter) => {
  if ('open' in message) opened = open(message.open);
  else if ('calls' in message) submit(message.calls);
  else void close();
});

function open(path: string) {
  const writer = new Writer({ path, onFatal: (error) => say({ fatal: packError(error) }) });
  const commits = new GroupCommit(writer, () => {
    say({ settled });
    settled = [];
  });
  say({ open: true });
  return { writer, commits };
}

function submit(calls: Extract<ToWriter, { calls: unknown }>['calls']): void {
  for (const { id, ...call } of calls) {
    opened?.commits.submit(call, (outcome) => settled.push(packOutcome(id, outcome)));
  }
}

async function close(): Promise<void> {
  await opened?.commits.idle();
  opened?.writer[Symbol.dispose]();
  port?.close();
}
