import { z } from 'zod';
import { type ScrubState, VERDICT_STATES, type VerifiedArchive } from '../../model/fixity.ts';
import { formatInstant } from '../../model/instants.ts';
import { limits } from '../../model/limits.ts';
import { adminCommand } from '../command.ts';

const nothing = z.strictObject({});
const instant = (atMs: number | undefined): string | null => (atMs === undefined ? null : formatInstant(atMs));

const shownScrub = (state: ScrubState | undefined) => ({
  nextPassAt: state?.pass ? null : instant(state?.beginsAtMs),
  pass: state?.pass
    ? {
        startedAt: formatInstant(state.pass.startedAtMs),
        archives: state.pass.archives,
        archivesOfPass: state.pass.totalArchives,
        share: Math.min(1, state.pass.totalBytes === 0 ? 1 : state.pass.doneBytes / state.pass.totalBytes),
        damaged: state.pass.damaged,
      }
    : null,
  lastPass: state?.finished
    ? {
        endedAt: formatInstant(state.finished.atMs),
        archives: state.finished.archives,
        damaged: state.finished.damaged,
      }
    : null,
});

const shownVerdict = ({ id, vault, sizeBytes, treeHash, fixity, damagedAtMs }: VerifiedArchive) => ({
  accountId: vault.accountId,
  vault: vault.name,
  archiveId: id,
  sizeBytes,
  treeHash,
  result: fixity.state,
  what: fixity.what,
  by: fixity.by,
  verifiedAt: formatInstant(fixity.atMs),
  damagedSince: damagedAtMs === null ? null : formatInstant(damagedAtMs),
});

/** Whether the bytes of archives are still those that were stored. */
export const fixityCommands = {
  'fixity.status': adminCommand({
    input: nothing,
    mutating: false,
    run: async ({ core }) => ({
      scrubEveryMs: core.fixity.scrubEveryMs,
      ...shownScrub(await core.fixity.scrub()),
    }),
  }),
  'fixity.damaged': adminCommand({
    input: nothing,
    mutating: false,
    run: async ({ core }) => {
      const { archives, more } = await core.fixity.damaged();
      return { archives: archives.map(shownVerdict), more };
    },
  }),
  /** What `moraine check` has found out; it is an event for each archive, in the log of these. */
  'fixity.note': adminCommand({
    input: z.strictObject({
      found: z
        .array(
          z.strictObject({
            archiveKey: z.int(),
            archiveId: z.string(),
            fixity: z.strictObject({ state: z.enum(VERDICT_STATES), what: z.string().max(4096).nullable() }),
          }),
        )
        .max(limits.fixityNotedMax),
    }),
    mutating: false,
    run: async ({ core }, { found }) => ({ noted: await core.fixity.note(found) }),
  }),
};
