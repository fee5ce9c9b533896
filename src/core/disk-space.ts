import { type Space, spaceAt } from '../files/space.ts';
import { serviceUnavailable } from '../model/errors.ts';
import { GIB, limits, MIB } from '../model/limits.ts';
import type { Health } from '../telemetry/health.ts';

/** A directory whose file system must not be full. */
export interface SpacePlace {
  name: 'metadata' | 'blobs' | 'mirror';
  path: string;
}

/** How one of them stands. */
export interface PlaceSpace extends SpacePlace {
  space: Space;
  /** What uploads must leave free. */
  reserveBytes: number;
  reserveInodes: number;
  isLow: boolean;
}

export interface DiskSpaceOptions {
  places: readonly SpacePlace[];
  /** Bytes to leave free on each file system; 'default' is a share of it, and 0 switches the reserve off. */
  reserve: number | 'default';
  health: Health;
  /** A clock that nobody can set, in milliseconds from anywhere. */
  monotonicMs: () => number;
  /** Told when uploads begin to be refused, and when they are taken again. */
  onChange: (change: { isLow: boolean; places: readonly PlaceSpace[] }) => void;
  /** For tests. */
  lookAt?: (path: string) => Promise<Space>;
}

/** An upload that was let in. What it has still to bring is kept free for it until it is disposed. */
export interface Admission extends Disposable {
  received(bytes: number): void;
}

/**
 * The reserve: an upload is let in only if, with it and all that run, it stays free. So a full disk is met before the
 * first byte and not in the middle, and what is left is enough for deletes, jobs and the metadata, which go on.
 */
export class DiskSpace {
  readonly #options: DiskSpaceOptions;
  readonly #running = new Set<{ remainingBytes: number }>();
  #latest: { places: readonly PlaceSpace[]; atMs: number } | undefined;
  #looking: Promise<readonly PlaceSpace[]> | undefined;
  #wasLow = false;
  /** Then nothing can be kept twice, so nothing is let in. */
  #isMirrorGone = false;

  constructor(options: DiskSpaceOptions) {
    this.#options = options;
  }

  /** Lets an upload of so many bytes in, or throws ServiceUnavailableException. */
  async admit(sizeBytes: number): Promise<Admission> {
    if (this.#options.reserve !== 0) this.#require(await this.#soon(), sizeBytes);
    const upload = { remainingBytes: sizeBytes };
    this.#running.add(upload);
    return {
      received: (bytes) => {
        upload.remainingBytes = Math.max(0, upload.remainingBytes - bytes);
      },
      [Symbol.dispose]: () => void this.#running.delete(upload),
    };
  }

  /** Uploads that run. */
  get uploads(): number {
    return this.#running.size;
  }

  /** What was found when it was last looked, without looking. */
  get latest(): readonly PlaceSpace[] {
    return this.#latest?.places ?? [];
  }

  /** Looks at the file systems, unless that was done a moment ago, and notes what is wrong with them. */
  async look(): Promise<readonly PlaceSpace[]> {
    const { monotonicMs } = this.#options;
    if (this.#latest !== undefined && monotonicMs() - this.#latest.atMs < limits.spaceKnownMs) {
      return this.#latest.places;
    }
    // One that hangs is not asked again beside it.
    this.#looking ??= this.#lookNow().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookNow(): Promise<readonly PlaceSpace[]> {
    const { places, reserve, health, monotonicMs, onChange, lookAt = spaceAt } = this.#options;
    const looked = await Promise.all(
      places.map(async (place) => {
        const space = await lookAt(place.path).catch((error: unknown) => {
          if (place.name !== 'mirror') throw error;
          return undefined;
        });
        return space && withReserve(place, space, reserve);
      }),
    );
    const found = looked.filter((place) => place !== undefined);
    this.#isMirrorGone = found.length < places.length;
    health.set(
      'mirror-failing',
      this.#isMirrorGone || found.some(({ name, space }) => name === 'mirror' && space.isReadOnly),
    );
    this.#latest = { places: found, atMs: monotonicMs() };
    const isLow = found.some((place) => place.isLow);
    health.set('low-space', isLow);
    health.set(
      'read-only',
      found.some(({ space }) => space.isReadOnly),
    );
    if (isLow !== this.#wasLow) onChange({ isLow, places: found.filter((place) => place.isLow || !isLow) });
    this.#wasLow = isLow;
    return found;
  }

  /** A file system that does not even say what is free will not take an upload either. */
  async #soon(): Promise<readonly PlaceSpace[]> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(serviceUnavailable()), limits.spaceLookMs);
    try {
      return await Promise.race([this.look(), promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #require(places: readonly PlaceSpace[], sizeBytes: number): void {
    const announcedBytes = [...this.#running].reduce((sum, { remainingBytes }) => sum + remainingBytes, sizeBytes);
    const isRefused = places.some(({ name, isLow, space, reserveBytes }) => {
      // The metadata of an upload is small, whatever its size.
      const wantedBytes = name === 'metadata' ? 0 : announcedBytes;
      return isLow || space.isReadOnly || space.freeBytes - wantedBytes < reserveBytes;
    });
    if (isRefused || this.#isMirrorGone) throw serviceUnavailable();
  }
}

const SHARE = 0.01;
const RESERVE_BYTES_MIN = 256 * MIB;
const RESERVE_BYTES_MAX = 10 * GIB;
const RESERVE_INODES_MIN = 64;
const RESERVE_INODES_MAX = 10_000;

function withReserve(place: SpacePlace, space: Space, reserve: number | 'default'): PlaceSpace {
  const reserveBytes =
    reserve === 'default' ? within(space.totalBytes * SHARE, [RESERVE_BYTES_MIN, RESERVE_BYTES_MAX]) : reserve;
  const hasInodes = reserve !== 0 && space.totalInodes > 0;
  const reserveInodes = hasInodes ? within(space.totalInodes * SHARE, [RESERVE_INODES_MIN, RESERVE_INODES_MAX]) : 0;
  const isLow = space.freeBytes < reserveBytes || space.freeInodes < reserveInodes;
  return { ...place, space, reserveBytes, reserveInodes, isLow };
}

const within = (value: number, [min, max]: [number, number]): number => Math.floor(Math.min(max, Math.max(min, value)));
