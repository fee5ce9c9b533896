import type { ArchiveVerdict } from '../metadata/fixity.ts';
import {
  type Fixity,
  type FixityEvent,
  isDamage,
  type ScrubState,
  type StoredArchive,
  type VerifiedArchive,
  type VerifiedBy,
} from '../model/fixity.ts';
import { formatInstant } from '../model/instants.ts';
import { limits } from '../model/limits.ts';
import type { Arrangement } from './arrangement.ts';

/** A verdict on an archive that is still there. */
export interface Verified {
  archive: StoredArchive;
  fixity: Fixity;
}

type Recording = Pick<Arrangement, 'metadata' | 'clock' | 'health' | 'fixityLog' | 'onDamage'>;

/**
 * Puts verdicts on record, first in the fixity log and then in the rows: what a crash cuts in two is verified again. Tells
 * of damage when it is on record.
 */
export async function putOnRecord(
  { metadata, clock, health, fixityLog, onDamage }: Recording,
  { verified, by }: { verified: readonly Verified[]; by: VerifiedBy },
): Promise<void> {
  if (verified.length === 0) return;
  const nowMs = clock.nowMs();
  const events = verified.map((one) => eventOf(one, { by, nowMs }));
  await fixityLog.write(events);
  const verdicts = verified.map(({ archive, fixity }): ArchiveVerdict => ({ archiveKey: archive.key, ...fixity }));
  await metadata.fixity.note({ verdicts, by, nowMs });
  for (const event of events) {
    const { archiveId, result } = event;
    const what = event.what ?? result;
    if (result === 'repaired') health.noteRepaired();
    if (!isDamage(result)) health.noteWhole(archiveId);
    else {
      health.noteDamage({ archiveId, blobId: null, what, atMs: nowMs });
      onDamage({ what, event });
    }
  }
}

/** Has the health of a server that has just started say what was found before. */
export async function tellHealth({ metadata, health }: Pick<Arrangement, 'metadata' | 'health'>): Promise<void> {
  const limit = limits.damagedArchivesShownMax;
  for (const { id, fixity } of await metadata.fixity.damaged({ afterKey: 0, limit })) {
    health.noteDamage({ archiveId: id, blobId: null, what: fixity.what ?? fixity.state, atMs: fixity.atMs });
  }
}

/** How far the scrub is, for the health of the server. */
export async function tellScrub({ metadata, health }: Pick<Arrangement, 'metadata' | 'health'>): Promise<void> {
  const state = await metadata.scrub.find();
  if (state === undefined) return;
  const { pass, finished } = state;
  health.noteScrub({
    finishedAtMs: finished?.atMs ?? null,
    startedAtMs: pass?.startedAtMs ?? null,
    verifiedArchives: pass?.archives ?? finished?.archives ?? 0,
    verifiedBytes: pass?.doneBytes ?? finished?.bytes ?? 0,
    archives: pass?.totalArchives ?? finished?.archives ?? 0,
  });
}

function eventOf({ archive, fixity }: Verified, { by, nowMs }: { by: VerifiedBy; nowMs: number }): FixityEvent {
  return {
    at: formatInstant(nowMs),
    account: archive.vault.accountId,
    vault: archive.vault.name,
    archiveId: archive.id,
    sizeBytes: archive.sizeBytes,
    treeHash: archive.treeHash,
    by,
    result: fixity.state,
    what: fixity.what,
  };
}

/** What the operator hears of the scrub, and what `moraine check` tells the server. */
export class FixityBook {
  readonly #given: Arrangement;

  constructor(given: Arrangement) {
    this.#given = given;
  }

  /** How far the scrub has come; undefined before its first pass was planned. */
  async scrub(): Promise<ScrubState | undefined> {
    return this.#given.metadata.scrub.find();
  }

  /** Whether there is a scrub, and how long a pass of it may take. */
  get scrubEveryMs(): number | null {
    return this.#given.scrubEveryMs;
  }

  /** Archives that are damaged or of which bytes are missing, and whether there are more than are shown. */
  async damaged(): Promise<{ archives: VerifiedArchive[]; more: boolean }> {
    const limit = limits.fixityShownMax;
    const archives = await this.#given.metadata.fixity.damaged({ afterKey: 0, limit: limit + 1 });
    return { archives: archives.slice(0, limit), more: archives.length > limit };
  }

  /** Puts what a check has found on record, apart from archives that are gone meanwhile; returns how many it was. */
  async note(found: readonly { archiveKey: number; archiveId: string; fixity: Fixity }[]): Promise<number> {
    const verified: Verified[] = [];
    for (const { archiveKey, archiveId, fixity } of found) {
      const archive = await this.#given.metadata.fixity.find(archiveKey);
      if (archive?.id === archiveId) verified.push({ archive, fixity });
    }
    await putOnRecord(this.#given, { verified, by: 'check' });
    return verified.length;
  }
}
