import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { kindOfFileSystem } from '../files/space.ts';
import { chooseFrameWork } from '../frames/choose.ts';
import { formatInstant } from '../model/instants.ts';
import { DAY_MS, limits, MIB } from '../model/limits.ts';
import type { Arrangement } from './arrangement.ts';
import type { PlaceSpace } from './disk-space.ts';

/** One thing that was looked at. */
export interface Finding {
  what: string;
  /** `fine`, or something that somebody should see to. */
  state: 'fine' | 'attention';
  /** One line. */
  found: string;
}

/** What the doctor is told of the process that it looks at. */
export interface Patient {
  version: string;
  /** Whether this is a server that serves. */
  isServing: boolean;
  dataDir: { path: string; mode: number };
  encryption: { encrypts: boolean; origin: string; problem: string | undefined };
}

const fine = (what: string, found: string): Finding => ({ what, state: 'fine', found });
const attention = (what: string, found: string): Finding => ({ what, state: 'attention', found });
const when = (isFine: boolean): typeof fine => (isFine ? fine : attention);

/** Looks at everything that keeps archives safe and quick, and says what somebody should see to. */
export async function examine(given: Arrangement, patient: Patient): Promise<Finding[]> {
  const { version, isServing, dataDir, encryption } = patient;
  const frames = chooseFrameWork();
  const places = await given.space.look();
  const { problem } = encryption;
  const state = `${dataDir.path}, mode ${dataDir.mode.toString(8).padStart(4, '0')}`;
  return [
    fine('version', `Moraine ${version}, Node.js ${process.versions.node}, SQLite ${process.versions.sqlite}`),
    fine('server', isServing ? 'serves' : 'does not run'),
    fine('hashing', frames.kind === 'native' ? 'native' : `plain: ${frames.reason}`),
    when(dataDir.mode === 0o700)('data directory', state),
    when(problem === undefined)(
      'encryption',
      problem ??
        (encryption.encrypts ? `AES-256-GCM, keys from ${encryption.origin}` : 'none: new archives are not encrypted'),
    ),
    ...(await Promise.all(places.map(diskFindings))).flat(),
    ...storeFindings(given),
  ];
}

async function diskFindings(place: PlaceSpace): Promise<Finding[]> {
  const { name, path, space, reserveBytes, isLow } = place;
  const { name: kind, isRemote } = kindOfFileSystem(space.kind);
  const room = `${mib(space.freeBytes)} of ${mib(space.totalBytes)} free, the reserve is ${mib(reserveBytes)}`;
  const inodes = space.totalInodes === 0 ? '' : `, ${space.freeInodes} inodes free`;
  const findings = [
    when(!isLow && !space.isReadOnly)(
      `${name}: space`,
      `${room}${inodes}${space.isReadOnly ? ', mounted read-only' : ''}`,
    ),
    when(!isRemote)(
      `${name}: file system`,
      isRemote ? `${kind}: may lie on another machine; locks and syncs are only as good as that is` : kind,
    ),
  ];
  return space.isReadOnly ? findings : [...findings, await fsyncFinding(name, path)];
}

const PROBES = 5;
const PROBE = Buffer.alloc(4096, 'moraine');

/** What an fsync takes, which is what an upload waits for at least. */
async function fsyncFinding(name: string, directory: string): Promise<Finding> {
  const path = join(directory, `.doctor-${randomUUID()}`);
  const what = `${name}: fsync`;
  try {
    await using file = await open(path, 'wx', 0o600);
    const tookMs: number[] = [];
    for (let probe = 0; probe < PROBES; probe += 1) {
      await file.write(PROBE, 0, PROBE.length, probe * PROBE.length);
      const startedAtMs = performance.now();
      await file.sync();
      tookMs.push(performance.now() - startedAtMs);
    }
    const medianMs = tookMs.sort((one, other) => one - other)[Math.floor(PROBES / 2)] ?? 0;
    return when(medianMs < limits.fsyncSlowMs)(what, `${medianMs.toFixed(1)} ms`);
  } catch (error) {
    return attention(what, `failed: ${(error as Error).message}`);
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}

function storeFindings({ health, retention, clock }: Arrangement): Finding[] {
  const { fsync, read, write } = health.failures;
  const { lastFailure, damage, scrub } = health;
  const last = lastFailure === undefined ? '' : `, the last at ${formatInstant(lastFailure.atMs)}: ${lastFailure.what}`;
  const [first] = damage;
  const held = new Set(health.reasons().map(({ reason }) => reason));
  const mirrorFails = held.has('mirror-failing');
  const finishedAtMs = scrub?.finishedAtMs ?? null;
  const isScrubLate = finishedAtMs !== null && clock.nowMs() - finishedAtMs > SCRUB_LATE_MS;
  return [
    when(!held.has('disk-hung'))('disks', held.has('disk-hung') ? 'a disk does not answer' : 'all of them answer'),
    when(fsync + read + write === 0)(
      'file calls',
      `${fsync} of fsync, ${write} of writing and ${read} of reading failed since the start${last}`,
    ),
    when(first === undefined)(
      'damage',
      first === undefined ? 'none known' : `${damage.length} archives, the first ${first.archiveId}: ${first.what}`,
    ),
    when(!isScrubLate)('last scrub', finishedAtMs === null ? 'no pass has ended yet' : formatInstant(finishedAtMs)),
    when(!mirrorFails)('mirror', mirrorFails ? 'cannot be written or read' : 'none, or one that works'),
    when(!retention.isSuspect)('clock', retention.isSuspect ? 'not believed: see `moraine clock show`' : 'believed'),
  ];
}

/** A pass is to take thirty days. */
const SCRUB_LATE_MS = 35 * DAY_MS;

const mib = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`;
