import { once } from 'node:events';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Call } from './records.ts';
import type { SqliteOptions } from './sqlite.ts';
import { type FromWriter, type ToWriter, unpackError } from './thread-messages.ts';

/** The entry is TypeScript where this file is, and JavaScript where this file was built. */
const ENTRY = new URL(`./writer-thread${extname(import.meta.url)}`, import.meta.url);

/** The thread begins with these while this one goes on with the requests that have come in with them. */
const CALLS_PER_MESSAGE_MAX = 12;

/** Hands calls to the writer's thread, those of one turn of the event loop in one message. */
export class ThreadedWriter implements AsyncDisposable {
  readonly #thread = new Worker(ENTRY, { name: 'metadata' });
  #onFatal: (error: unknown) => void = () => undefined;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #outgoing: (Call & { id: number })[] = [];
  #lastId = 0;
  #isOpen = false;
  #closing = false;

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
    await once(thread, 'message');
    this.#isOpen = true;
    thread.on('message', (message: FromWriter) => this.#hear(message));
    // It ends by itself only when it is told to.
    thread.on('error', (error) => this.#fail(error));
    thread.on('exit', () => this.#fail(new Error('the thread that writes the metadata has ended')));
  }

  call(call: Call): Promise<unknown> {
    const pending = Promise.withResolvers<unknown>();
    if (this.#closing) throw new Error('the metadata is closed');
    this.#lastId += 1;
    this.#pending.set(this.#lastId, pending);
    if (this.#outgoing.length === 0) setImmediate(() => this.#send());
    this.#outgoing.push({ id: this.#lastId, ...call });
    if (this.#outgoing.length === CALLS_PER_MESSAGE_MAX) this.#send();
    return pending.promise;
  }

  /** What was called before is carried out first. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    if (!this.#isOpen) {
      await this.#thread.terminate();
      return;
    }
    this.#send();
    const ended = once(this.#thread, 'exit');
    this.#post({ close: true });
    await ended;
  }

  #send(): void {
    if (this.#outgoing.length > 0) this.#post({ calls: this.#outgoing });
    this.#outgoing = [];
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
    if (this.#closing && this.#pending.size === 0) return;
    this.#onFatal(error);
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
