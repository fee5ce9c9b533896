import type { Clock } from '../model/clock.ts';
import { limits } from '../model/limits.ts';

/**
 * What is wrong with a server that still serves: noted here by whoever comes across it, and asked for by `/readyz`, the
 * metrics and `moraine doctor`. Nothing here waits for a disk, and what it holds is bounded.
 */
export const degradations = [
  /** Less is free than the reserve: uploads are refused. */
  'low-space',
  /** A file system is mounted read-only. */
  'read-only',
  /** Calls on files have taken too long. */
  'disk-hung',
  /** Bytes could not be read, written or made durable within the last day. */
  'disk-errors',
  /** The mirror cannot be written or read. */
  'mirror-failing',
  /** Archives are damaged, and no copy of them is whole. */
  'damage',
  /** The wall clock is not believed. */
  'clock',
] as const;

export type Degradation = (typeof degradations)[number];

/** A call on a file that failed; of `fsync` also when it was that of a directory. */
export type FileFailure = 'fsync' | 'read' | 'write';

/** An archive of which bytes are damaged or missing in every copy. */
export interface Damage {
  archiveId: string;
  /** Null where it is of more than one blob, or none. */
  blobId: string | null;
  /** What is wrong with it, for people. */
  what: string;
  atMs: number;
}

/** How far the scrub is. */
export interface ScrubFacts {
  /** When the last pass over everything ended; null before the first. */
  finishedAtMs: number | null;
  /** When the pass that runs began; null between passes. */
  startedAtMs: number | null;
  /** Of the pass that runs, else of the last one. */
  verifiedArchives: number;
  verifiedBytes: number;
  /** Of all archives, how many there are to verify in a pass. */
  archives: number;
}

export class Health {
  readonly #clock: Clock;
  /** By reason, since when. */
  readonly #reasons = new Map<Degradation, number>();
  /** Reasons that are looked up when somebody asks, and since when they were found to hold. */
  readonly #watched: { reason: Degradation; holds: () => boolean; sinceMs: number | undefined }[] = [];
  readonly #failures = { fsync: 0, read: 0, write: 0 };
  #lastFailure: { kind: FileFailure; what: string; atMs: number } | undefined;
  /** By archive id. */
  readonly #damage = new Map<string, Damage>();
  #repaired = 0;
  #scrub: ScrubFacts | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Says that this reason holds, or that it does not any more. */
  set(reason: Degradation, holds: boolean): void {
    if (!holds) this.#reasons.delete(reason);
    else if (!this.#reasons.has(reason)) this.#reasons.set(reason, this.#clock.nowMs());
  }

  /** Has this reason looked up whenever somebody asks, besides what `set` says of it. */
  watch(reason: Degradation, holds: () => boolean): void {
    this.#watched.push({ reason, holds, sinceMs: undefined });
  }

  /** A call on a file of the store failed for another reason than a full disk. `what` is for people. */
  noteFailure(kind: FileFailure, what: string): void {
    this.#failures[kind] += 1;
    this.#lastFailure = { kind, what, atMs: this.#clock.nowMs() };
  }

  /** The same archive may be told of again. */
  noteDamage(damage: Damage): void {
    if (this.#damage.size < limits.damagedArchivesShownMax || this.#damage.has(damage.archiveId)) {
      this.#damage.set(damage.archiveId, damage);
    }
  }

  /** The archive is whole, was deleted, or was repaired. */
  noteWhole(archiveId: string): void {
    this.#damage.delete(archiveId);
  }

  /** A copy of a blob was damaged and has been made anew from another. */
  noteRepaired(): void {
    this.#repaired += 1;
  }

  noteScrub(facts: ScrubFacts): void {
    this.#scrub = facts;
  }

  /** Why the server is degraded, in the order of the table above; empty when it is not. */
  reasons(): { reason: Degradation; sinceMs: number }[] {
    const found = new Map(this.#reasons);
    for (const watched of this.#watched) {
      watched.sinceMs = watched.holds() ? (watched.sinceMs ?? this.#clock.nowMs()) : undefined;
      if (watched.sinceMs !== undefined && !found.has(watched.reason)) found.set(watched.reason, watched.sinceMs);
    }
    const failure = this.#lastFailure;
    if (failure !== undefined && this.#clock.nowMs() - failure.atMs < limits.diskErrorShownMs) {
      found.set('disk-errors', failure.atMs);
    }
    const [first] = this.#damage.values();
    if (first !== undefined) found.set('damage', first.atMs);
    return degradations.flatMap((reason) => {
      const sinceMs = found.get(reason);
      return sinceMs === undefined ? [] : [{ reason, sinceMs }];
    });
  }

  /** Calls on files that failed since the start, by kind. */
  get failures(): Readonly<Record<FileFailure, number>> {
    return this.#failures;
  }

  get lastFailure(): { kind: FileFailure; what: string; atMs: number } | undefined {
    return this.#lastFailure;
  }

  /** Archives that are damaged as far as it is known, limits.damagedArchivesShownMax at most. */
  get damage(): readonly Damage[] {
    return [...this.#damage.values()];
  }

  /** Copies that were repaired since the start. */
  get repaired(): number {
    return this.#repaired;
  }

  /** Undefined until the scrub has told. */
  get scrub(): ScrubFacts | undefined {
    return this.#scrub;
  }
}
