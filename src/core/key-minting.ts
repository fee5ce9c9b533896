import { hash } from 'node:crypto';
import type { NewKey } from '../metadata/key-rows.ts';
import { newAccessKeyId, newSecretAccessKey, newSessionToken, PERMANENT, TEMPORARY } from '../model/access-keys.ts';
import { AdminError } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { Arrangement } from './arrangement.ts';
import { seal } from './sealing.ts';

/** A new key as it is shown once, to whoever asked for it. */
export interface ShownKey {
  accessKeyId: string;
  secretAccessKey: string;
  /** Of temporary keys, with when they expire. */
  sessionToken?: string;
  expiresAtMs?: number;
}

/** What a temporary key has beside its secret. */
export interface Temporary {
  expiresInMs: number;
  /** A policy that narrows what its owner may do; undefined for all of it. */
  sessionPolicy: string | undefined;
}

/** A new key twice: for whoever asked, and for the database. */
interface Minted {
  shown: ShownKey;
  kept: NewKey;
}

type Given = Pick<Arrangement, 'clock' | 'rootKey' | 'secretsKey'>;

/**
 * Makes a key and hands it to `keep`, anew as long as that finds its id taken; returns what else it says. 80 random bits
 * hardly ever meet, and when they do nobody must get the key of another.
 */
export async function mintAndKeep<T extends string>(
  given: Given,
  temporary: Temporary | undefined,
  keep: (key: NewKey) => Promise<T | 'taken'>,
): Promise<{ outcome: Exclude<T, 'taken'>; key: ShownKey }> {
  for (let draw = 0; draw < limits.idDrawsMax; draw += 1) {
    const { shown, kept } = mint(given, temporary);
    const outcome = kept.accessKeyId === given.rootKey.accessKeyId ? 'taken' : await keep(kept);
    if (outcome !== 'taken') return { outcome: outcome as Exclude<T, 'taken'>, key: shown };
  }
  throw new AdminError('no access key id that is free could be drawn');
}

function mint({ clock, secretsKey }: Given, temporary: Temporary | undefined): Minted {
  const accessKeyId = newAccessKeyId(temporary === undefined ? PERMANENT : TEMPORARY);
  const secretAccessKey = newSecretAccessKey();
  const sealedSecret = seal(secretsKey.findOrMake(), { accessKeyId, secret: secretAccessKey });
  const createdAtMs = clock.nowMs();
  const kept = { accessKeyId, sealedSecret, tokenDigest: null, sessionPolicy: null, createdAtMs, expiresAtMs: null };
  if (temporary === undefined) return { shown: { accessKeyId, secretAccessKey }, kept };
  const sessionToken = newSessionToken();
  const expiresAtMs = createdAtMs + temporary.expiresInMs;
  const tokenDigest = hash('sha256', sessionToken, 'hex');
  return {
    shown: { accessKeyId, secretAccessKey, sessionToken, expiresAtMs },
    kept: { ...kept, tokenDigest, sessionPolicy: temporary.sessionPolicy ?? null, expiresAtMs },
  };
}
