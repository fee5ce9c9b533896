import { formatLockRecord, NO_RECORD, parseLockRecord, recordDigest } from '../blobs/lock-record-format.ts';
import type { LockRecordStore } from '../blobs/lock-record-store.ts';
import { limits } from '../model/limits.ts';
import type { LockRecord, LockRecordText, VaultIdentity } from '../model/lock-records.ts';
import {
  compareWithRecords,
  documentDigest,
  type LockComparison,
  type VaultLock,
  type VaultRecords,
} from '../model/vault-locks.ts';
import type { VaultName } from '../model/vaults.ts';

/** Something about the records themselves that is not as it was written. */
export interface LockFault {
  number: number;
  fault: string;
}

/**
 * The lock records, read and checked when the server starts, and the only way to add one. All changes of locks, and the
 * deletion of vaults, take turns here: a record and the row that follows it are one step to everybody else.
 */
export class LockBook {
  readonly faults: LockFault[] = [];
  readonly #store: LockRecordStore;
  readonly #records = new Map<string, LockRecord>();
  /** The keys of those records by the names of the vaults. */
  readonly #named = new Map<string, Set<string>>();
  /** The first lock of each vault, also of those that were deleted. */
  readonly #locks = new Map<string, LockRecord>();
  /** What was read or written, to tell whether it is still there. */
  readonly #digests = new Map<number, string>();
  #last = { number: 0, digest: NO_RECORD };
  #turn: Promise<unknown> = Promise.resolve();
  /** The last record may or may not have been kept. */
  #inDoubt = false;

  private constructor(store: LockRecordStore) {
    this.#store = store;
  }

  static async open(store: LockRecordStore): Promise<LockBook> {
    const book = new LockBook(store);
    for (const number of await store.numbers()) await book.#take(number);
    return book;
  }

  /** Whether a vault was ever locked here. */
  get isEmpty(): boolean {
    return this.#last.number === 0;
  }

  /** The records of vaults that were locked and not deleted since, in the order they were written. */
  locked(): LockRecord[] {
    return [...this.#records.values()].filter(({ lock }) => lock !== null);
  }

  recordOf(vault: VaultIdentity): LockRecord | undefined {
    return this.#records.get(keyOf(vault));
  }

  /** The record of a locked vault that had this name before and was not deleted, as far as the records tell. */
  predecessorOf(vault: VaultIdentity): LockRecord | undefined {
    const own = keyOf(vault);
    for (const key of this.#named.get(nameOf(vault)) ?? []) {
      const record = this.#records.get(key);
      if (key !== own && record && record.lock !== null) return record;
    }
    return undefined;
  }

  /** Whether a vault of this name was locked and not deleted since. */
  isTaken(vault: VaultName): boolean {
    return this.predecessorOf({ ...vault, createdAtMs: Number.NaN }) !== undefined;
  }

  /** The record that counts for a vault that is sealed. */
  sealingRecordOf(vault: VaultIdentity): LockRecord | undefined {
    const own = this.recordOf(vault);
    return own?.lock ? own : this.predecessorOf(vault);
  }

  /** Holds what the metadata has of a vault's lock against its record. */
  compare(vault: VaultIdentity, lock: VaultLock | undefined): LockComparison {
    return compareWithRecords(lock, this.recordsOf(vault));
  }

  /** What the records say of a vault. */
  recordsOf(vault: VaultIdentity): VaultRecords {
    return { own: this.recordOf(vault), predecessor: this.predecessorOf(vault) };
  }

  /** A record as it is on the disk now; undefined when it is not what was read of it before. */
  async textOf({ number, lock }: LockRecord): Promise<LockRecordText | undefined> {
    const found = parseLockRecord((await this.#store.read(number)) ?? '');
    if (found?.intact !== true || found.record.number !== number) return undefined;
    const { lock: written } = found.record;
    const same = written?.id === lock?.id && (written && documentDigest(written.document)) === lock?.documentDigest;
    return same ? found.record : undefined;
  }

  /** The faults that were there at start, and what has happened to the records since. Reads all of them again. */
  async check(): Promise<LockFault[]> {
    return this.inAnyTurn(async () => {
      const numbers = new Set([...this.#digests.keys(), ...(await this.#store.numbers())]);
      const faults = [...this.faults];
      for (const number of [...numbers].sort((a, b) => a - b)) {
        const fault = await this.#changeOf(number);
        if (fault !== undefined) faults.push({ number, fault });
      }
      return faults;
    });
  }

  async #changeOf(number: number): Promise<string | undefined> {
    const known = this.#digests.get(number);
    if (known === undefined) return 'was added since the start, and not by this server';
    const text = await this.#store.read(number);
    if (recordDigest(text ?? '') === known) return undefined;
    return text === undefined ? 'was taken away since the start' : 'was changed since the start';
  }

  /** Runs a change of locks when all changes before it are over. */
  async inTurn<T>(change: () => Promise<T>): Promise<T> {
    return this.inAnyTurn(async () => {
      await this.beSure();
      return change();
    });
  }

  /** The same for what may go on while nobody knows whether the last record was kept. */
  async inAnyTurn<T>(change: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    try {
      return await change();
    } finally {
      resolve();
    }
  }

  /** Throws while nobody knows whether the last record was kept. Only in a turn. */
  async beSure(): Promise<void> {
    if (this.#inDoubt) await this.#resolveDoubt();
  }

  /** Adds a record, durable on return. Only in a turn. */
  async add(record: Omit<LockRecordText, 'number'>): Promise<void> {
    const number = this.#last.number + 1;
    if (number > limits.lockRecordNumberMax) throw new Error('there is a lock record with the highest number there is');
    const text = formatLockRecord({ ...record, number }, this.#last.digest);
    // What could not be read again would not hold the lock after a restart.
    if (parseLockRecord(text)?.intact !== true) throw new Error('the lock cannot be recorded');
    this.#inDoubt = true;
    await this.#store.add(number, text);
    this.#inDoubt = false;
    this.#keep(inMind({ ...record, number }, true));
    this.#last = { number, digest: recordDigest(text) };
    this.#digests.set(number, this.#last.digest);
  }

  /** A record that could not be kept is usually gone without a trace; if not, only a restart can tell what counts. */
  async #resolveDoubt(): Promise<void> {
    const numbers = await this.#store.numbers();
    if (numbers.some((number) => number > this.#last.number)) {
      throw new Error('a lock record was written and its end is unknown: no lock can change before the next start');
    }
    this.#inDoubt = false;
  }

  async #take(number: number): Promise<void> {
    const text = (await this.#store.read(number)) ?? '';
    const before = this.#last;
    const [missing, until] = [before.number + 1, number - 1];
    if (missing === until) this.#blame(missing, 'is missing');
    // One stray file with a high number must not make as many faults.
    if (missing < until) this.#blame(missing, `is missing, as are all up to ${until}`);
    this.#digests.set(number, recordDigest(text));
    this.#last = { number, digest: recordDigest(text) };
    const found = parseLockRecord(text);
    if (found === undefined) return this.#blame(number, 'cannot be read');
    const sound = found.intact && found.record.number === number;
    if (!sound) this.#blame(number, 'was changed');
    else if (number === before.number + 1 && found.previous !== before.digest) this.#distrust(before.number);
    this.#keep(inMind({ ...found.record, number }, sound));
  }

  /**
   * What was changed counts only where there is nothing better, and never to forget a lock. The first lock of a vault is
   * its only one, so a second that differs was made up, however well it fits in.
   */
  #keep(record: LockRecord): void {
    const key = keyOf(record.vault);
    const first = this.#locks.get(key);
    if (record.lock !== null && record.sound && first?.sound && !isSameLock(first, record)) {
      this.#blame(record.number, `is of another lock than record ${first.number}`);
      return;
    }
    if (record.lock !== null && (first === undefined || (record.sound && !first.sound))) this.#locks.set(key, record);
    if (!record.sound && (record.lock === null || this.#records.has(key))) return;
    this.#records.set(key, record);
    const name = nameOf(record.vault);
    this.#named.set(name, (this.#named.get(name) ?? new Set()).add(key));
  }

  #distrust(number: number): void {
    if (!this.faults.some((fault) => fault.number === number)) this.#blame(number, 'was changed');
    for (const records of [this.#records, this.#locks]) {
      for (const record of records.values()) if (record.number === number) record.sound = false;
    }
  }

  #blame(number: number, fault: string): void {
    this.faults.push({ number, fault });
  }
}

const keyOf = ({ accountId, name, createdAtMs }: VaultIdentity): string => `${accountId} ${name} ${createdAtMs}`;

const nameOf = ({ accountId, name }: VaultName): string => `${accountId} ${name}`;

const isSameLock = ({ lock: one }: LockRecord, { lock: other }: LockRecord): boolean =>
  one?.id === other?.id && one?.documentDigest === other?.documentDigest;

const inMind = ({ number, vault, lock }: LockRecordText, sound: boolean): LockRecord => ({
  number,
  vault,
  lock: lock && { id: lock.id, documentDigest: documentDigest(lock.document) },
  sound,
});
