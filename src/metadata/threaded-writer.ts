import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Call } from './records.ts';
import type { SqliteOptions } from './sqlite.ts';
import { threadEntry } from './thread-entry.ts';
import { type FromWriter, type ToWriter, unpackError } from './thread-messages.ts';

/** The thread begins with these while this one goes on with the requests that have come in with them. */
const CALLS_PER_MESSAGE_MAX = 12;

const ENDED = 'the thread that writes the metadata has ended';

interface Pending extends PromiseWithResolvers<unknown> {
  calledAtMs: number;
}

/** Hands calls to the writer's thread, those of one turn of the event loop in one message. */
export class ThreadedWriter implements AsyncDisposable {
  readonly #thread = new Worker(threadEntry('writer-thread', import.meta.url), { name: 'metadata' });
  #onFatal: (error: unknown) => void = () => undefined;
  /** In the order in which they were made. */
  readonly #pending = new Map<number, Pending>();
  #outgoing: (Call & { id: number })[] = [];
  #lastId = 0;
  #isOpen = false;
  #closing = false;
  #failure: { error: unknown } | undefined;

  /** Starts the thread, which loads its code; one that is not opened yet does not keep the process. */
  constructor() {
    this.#thread.unref();
  }

  /** Lets the thread open the database; throws what opening it throws. */
  async open({ path, onFatal }: SqliteOptions): Promise<void> {
    const thread = this.#thread;
    this.#onFatal = onFatal;
    thread.ref();
    this.#post({ open: path });
    const said = once(thread, 'message').then(() => true);
    // Without a word it ends when it is out of memory, say.
    const ended = once(thread, 'exit').then(() => false);
    if (!(await Promise.race([said, ended]))) throw new Error(ENDED);
    this.#isOpen = true;
    thread.on('message', (message: FromWriter) => this.#hear(message));
    // It ends by itself only when it is told to.
    thread.on('error', (error) => this.#fail(error));
    thread.on('exit', () => this.#fail(new Error(ENDED)));
  }

  call(call: Call): Promise<unknown> {
    const pending = { ...Promise.withResolvers<unknown>(), calledAtMs: performance.now() };
    if (this.#closing) throw new Error('the metadata is closed');
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#lastId += 1;
    this.#pending.set(this.#lastId, pending);
    if (this.#outgoing.length === 0) setImmediate(() => this.#send());
    this.#outgoing.push({ id: this.#lastId, ...call });
    if (this.#outgoing.length === CALLS_PER_MESSAGE_MAX) this.#send();
    return pending.promise;
  }

  /** For how long the oldest of the calls that are not answered has been waiting, in milliseconds. */
  get waitingMs(): number {
    const [oldest] = this.#pending.values();
    return oldest === undefined ? 0 : performance.now() - oldest.calledAtMs;
  }

  /** What was called before is carried out first. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    if (!this.#isOpen || this.#failure !== undefined) {
      await this.#thread.terminate();
      return;
    }
    this.#send();
    const ended = once(this.#thread, 'exit');
    this.#post({ close: true });
    await ended;
  }

  #send(): void {
    const calls = this.#outgoing;
    this.#outgoing = [];
    if (calls.length === 0) return;
    try {
      this.#post({ calls });
    } catch {
      // One of them cannot be cloned, which is the fault of whoever made it.
      for (const call of calls) this.#sendAlone(call);
    }
  }

  #sendAlone(call: Call & { id: number }): void {
    try {
      this.#post({ calls: [call] });
    } catch (error) {
      this.#pending.get(call.id)?.reject(error);
      this.#pending.delete(call.id);
    }
  }

  #post(message: ToWriter): void {
    this.#thread.postMessage(message);
  }

  #hear(message: FromWriter): void {
    if ('fatal' in message) this.#onFatal(unpackError(message.fatal));
    if (!('settled' in message)) return;
    for (const outcome of message.settled) {
      const pending = this.#pending.get(outcome.id);
      this.#pending.delete(outcome.id);
      if ('error' in outcome) pending?.reject(unpackError(outcome.error));
      else pending?.resolve(outcome.value);
    }
  }

  /** What was sent may be durable or not; nobody will say. */
  #fail(error: unknown): void {
    if ((this.#closing && this.#pending.size === 0) || this.#failure !== undefined) return;
    this.#failure = { error };
    this.#onFatal(error);
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
