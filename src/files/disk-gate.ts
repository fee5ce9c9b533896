/**
 * All file calls of the stores pass here. A call that a disk never answers keeps its thread of libuv's pool for ever, and
 * when all threads are gone the whole server stands still. So each directory has only so many calls at once, fewer than
 * there are threads, and each call has a deadline. What reads and what writes is counted apart: a disk that takes no more
 * bytes may still give some. The calls that wait are as many as frames and requests, which have limits of their own.
 */
export class DiskGate {
  readonly #bounds: DiskBounds;
  readonly #lanes = new Map<string, Record<keyof DiskBounds['atOnceMax'], Lane>>();

  constructor(bounds: DiskBounds) {
    this.#bounds = bounds;
  }

  /**
   * Makes a call that changes something on the disk of `directory`, when its turn has come. Throws DiskHungError when the
   * call takes too long, and at once while another one does. What was thrown for must never count as done, whatever becomes
   * of it, and buffers that were handed to it must not be used again: the call may still be at them.
   */
  run<T>(directory: string, call: () => Promise<T>): Promise<T> {
    return this.#lanesOf(directory).writes.run(call);
  }

  /** As `run`, for a call that only reads. */
  read<T>(directory: string, call: () => Promise<T>): Promise<T> {
    return this.#lanesOf(directory).reads.run(call);
  }

  /**
   * Makes a call that cleans up, and whose failure is nobody's business. It is never refused: while the disk hangs
   * it waits in line, but whoever asked for it does not.
   */
  tidy(directory: string, call: () => Promise<unknown>): Promise<void> {
    return this.#lanesOf(directory).writes.tidy(call);
  }

  /** The directories whose disks hang now. */
  get hung(): string[] {
    const hung = [...this.#lanes].filter(([, { reads, writes }]) => reads.isHung || writes.isHung);
    return hung.map(([directory]) => directory);
  }

  #lanesOf(directory: string) {
    const known = this.#lanes.get(directory);
    if (known !== undefined) return known;
    const { atOnceMax, callMsMax } = this.#bounds;
    const lane = (most: number) => new Lane({ directory, atOnceMax: most, callMsMax });
    const lanes = { reads: lane(atOnceMax.reads), writes: lane(atOnceMax.writes) };
    this.#lanes.set(directory, lanes);
    return lanes;
  }
}

/** How many calls each directory may have at once, and how long one may take. */
export interface DiskBounds {
  atOnceMax: { reads: number; writes: number };
  callMsMax: number;
}

/** The disk does not answer. Nothing is known of the call: it may still take place. */
export class DiskHungError extends Error {
  readonly directory: string;

  constructor(directory: string) {
    super(`the disk of ${directory} does not answer`);
    this.name = 'DiskHungError';
    this.directory = directory;
  }
}

/** A call in line. */
interface Waiting {
  begin: () => void;
  /** Tells whoever waits for it that the disk hangs. */
  onHang: (error: DiskHungError) => void;
  /** Whether it stays in line then. */
  stays: boolean;
}

/** The calls of one kind to one directory: those that run, and those that wait in line. */
class Lane {
  readonly #bounds: { directory: string; atOnceMax: number; callMsMax: number };
  #line: Waiting[] = [];
  #running = 0;
  /** Calls that run though their time is up. */
  #overdue = 0;

  constructor(bounds: { directory: string; atOnceMax: number; callMsMax: number }) {
    this.#bounds = bounds;
  }

  get isHung(): boolean {
    return this.#overdue > 0;
  }

  run<T>(call: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const begin = () => this.#watch(call, { resolve, reject });
    if (this.isHung) reject(new DiskHungError(this.#bounds.directory));
    else this.#take({ begin, onHang: reject, stays: false });
    return promise;
  }

  tidy(call: () => Promise<unknown>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = () => resolve();
    this.#take({ begin: () => this.#watch(call, { resolve: done, reject: done }), onHang: done, stays: true });
    if (this.isHung) resolve();
    return promise;
  }

  #take(waiting: Waiting): void {
    this.#line.push(waiting);
    this.#next();
  }

  #next(): void {
    while (!this.isHung && this.#running < this.#bounds.atOnceMax) {
      const next = this.#line.shift();
      if (next === undefined) return;
      this.#running += 1;
      next.begin();
    }
  }

  /** The call counts as running until it has ended in truth, which may be long after it was given up. */
  #watch<T>(call: () => Promise<T>, tell: { resolve: (result: T) => void; reject: (error: unknown) => void }): void {
    let isOverdue = false;
    let late: NodeJS.Immediate | undefined;
    const giveUp = () => {
      isOverdue = true;
      const error = this.#hang();
      tell.reject(error);
    };
    // A process that was held up itself looks at what has ended meanwhile before it blames the disk.
    const timer = setTimeout(() => {
      late = setImmediate(giveUp);
    }, this.#bounds.callMsMax);
    const end = () => {
      clearTimeout(timer);
      clearImmediate(late);
      if (isOverdue) this.#overdue -= 1;
      this.#running -= 1;
      this.#next();
    };
    const called = (async () => call())();
    void called.finally(end).then(tell.resolve, tell.reject);
  }

  #hang(): DiskHungError {
    const error = new DiskHungError(this.#bounds.directory);
    this.#overdue += 1;
    for (const { onHang } of this.#line) onHang(error);
    this.#line = this.#line.filter(({ stays }) => stays);
    return error;
  }
}
