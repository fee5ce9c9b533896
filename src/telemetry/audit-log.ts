import { setTimeout as pause } from 'node:timers/promises';
import { limits, SECOND_MS } from '../model/limits.ts';
import type { Log } from './log.ts';
import { RotatingFile, type RotatingFileOptions } from './rotating-file.ts';

/**
 * The audit log: one JSON object a line, about one request each. It is worth less than the requests it is about: nobody
 * waits for it, and when its disk is full or stands still its lines are lost and counted, which the log says once when it
 * begins and once when it is over.
 */
const NO_SPACE = ['ENOSPC', 'EDQUOT'];

export interface AuditLogOptions extends RotatingFileOptions {
  /** Told when lines are lost. */
  log: Pick<Log, 'error' | 'warn'>;
}

/** Writes in the background. Disposing it waits a moment for what is still to be written. */
export class AuditLog implements AsyncDisposable {
  readonly #file: RotatingFile;
  readonly #path: string;
  readonly #log: AuditLogOptions['log'];
  readonly #onExit = () => this.#flushAtExit();
  #waiting: string[] = [];
  #waitingBytes = 0;
  #draining: Promise<void> | undefined;
  #appendingSinceMs: number | undefined;
  #lost = 0;
  #lostBeforeTrouble: number | undefined;

  private constructor({ log, ...file }: AuditLogOptions) {
    this.#file = new RotatingFile(file);
    this.#path = file.path;
    this.#log = log;
  }

  /** Opens the file, so that a path that cannot be used is known at once. A full disk passes, and does no harm. */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    const audit = new AuditLog(options);
    try {
      await audit.#file.open();
    } catch (error) {
      if (!NO_SPACE.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      audit.#lose(0, error);
    }
    process.on('exit', audit.#onExit);
    return audit;
  }

  /** How many lines were lost since the start. */
  get lost(): number {
    return this.#lost;
  }

  /** Takes a record to be written soon. Where room is short, records that are `minor` are lost before others. */
  write(record: object, { minor = false } = {}): void {
    const line = `${JSON.stringify(record)}\n`;
    const room = limits.auditWaitingBytesMax - (minor ? limits.auditReservedBytes : 0);
    if (this.#waitingBytes + line.length > room) {
      this.#lose(1, new Error('more is waiting to be written than there is room for'));
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#draining ??= this.#drain();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const written = Promise.resolve(this.#draining).then(() => this.#file.close());
    await Promise.race([written, pause(limits.auditFlushMs, undefined, { ref: false })]);
    process.off('exit', this.#onExit);
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#append(this.#take(limits.auditBatchBytesMax));
      // An append costs as much as some requests: what comes soon after goes out together.
      if (this.#waitingBytes < limits.auditBatchBytesMax) await pause(limits.auditPauseMs);
    }
    this.#draining = undefined;
  }

  async #append(lines: readonly string[]): Promise<void> {
    this.#appendingSinceMs = performance.now();
    try {
      await this.#file.append(Buffer.from(lines.join('')));
      if (this.#waiting.length === 0) this.#recover();
    } catch (error) {
      this.#lose(lines.length, error);
    }
    this.#appendingSinceMs = undefined;
  }

  /** Writes what waits, unless the disk stands still. */
  #flushAtExit(): void {
    const appendingMs = performance.now() - (this.#appendingSinceMs ?? performance.now());
    const lines = this.#take(limits.auditWaitingBytesMax);
    if (lines.length > 0 && appendingMs < SECOND_MS) this.#file.appendAtExit(Buffer.from(lines.join('')));
  }

  /** As many lines as make up a batch; at least one. */
  #take(bytesMax: number): string[] {
    let [count, bytes] = [0, 0];
    while (count < this.#waiting.length) {
      bytes += this.#waiting[count]?.length ?? 0;
      if (count > 0 && bytes > bytesMax) break;
      count += 1;
    }
    const lines = this.#waiting.splice(0, count);
    for (const line of lines) this.#waitingBytes -= line.length;
    return lines;
  }

  #lose(count: number, error: unknown): void {
    if (this.#lostBeforeTrouble === undefined) {
      this.#lostBeforeTrouble = this.#lost;
      this.#log.error({ error, path: this.#path }, 'lines of the audit log are lost');
    }
    this.#lost += count;
  }

  #recover(): void {
    if (this.#lostBeforeTrouble === undefined) return;
    const lost = this.#lost - this.#lostBeforeTrouble;
    this.#lostBeforeTrouble = undefined;
    this.#log.warn({ lost, path: this.#path }, 'the audit log is written again');
  }
}
