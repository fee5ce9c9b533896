import { hash } from 'node:crypto';
import { formatInstant, parseInstant } from '../model/instants.ts';
import type { LockRecordText, RecordedLock } from '../model/lock-records.ts';

/**
 * A lock record is a text of two lines: one JSON object, then the SHA-256 of that line. `previous` is the SHA-256 of the
 * record before it, as a whole, so that a record cannot be changed or taken away without a trace in the next one.
 */
const FORMAT = 1;

/** What the first record has before it. */
export const NO_RECORD = '0'.repeat(64);

/** A record as it was read. */
export interface ReadLockRecord {
  record: LockRecordText;
  /** The digest of the record before it. */
  previous: string;
  /** Whether the text is the one that was written. */
  intact: boolean;
}

/** What the next record remembers this one by. */
export const recordDigest = (text: string): string => hash('sha256', text, 'hex');

export function formatLockRecord({ number, writtenAtMs, vault, lock }: LockRecordText, previous: string): string {
  const line = JSON.stringify({
    format: FORMAT,
    number,
    previous,
    writtenAt: formatInstant(writtenAtMs),
    state: lock === null ? 'Deleted' : 'Locked',
    vault: {
      arn: vault.arn,
      accountId: vault.accountId,
      name: vault.name,
      createdAt: formatInstant(vault.createdAtMs),
    },
    ...(lock && {
      lock: {
        id: lock.id,
        policy: lock.document,
        createdAt: formatInstant(lock.createdAtMs),
        completedAt: formatInstant(lock.completedAtMs),
      },
    }),
  });
  return sealed(line);
}

const sealed = (line: string): string => `${line}\nsha256 ${hash('sha256', line, 'hex')}\n`;

/** Reads a record; undefined when the text is none, or one of a newer release. */
export function parseLockRecord(text: string): ReadLockRecord | undefined {
  const line = text.slice(0, Math.max(0, text.indexOf('\n')));
  try {
    const members = membersOf(JSON.parse(line));
    if (members.whole('format') !== FORMAT) return undefined;
    const locked = members.text('state') === 'Locked';
    const vault = members.object('vault');
    const record: LockRecordText = {
      number: members.whole('number'),
      writtenAtMs: members.instant('writtenAt'),
      vault: {
        arn: vault.text('arn'),
        accountId: vault.text('accountId'),
        name: vault.text('name'),
        createdAtMs: vault.instant('createdAt'),
      },
      lock: locked ? lockOf(members.object('lock')) : null,
    };
    return { record, previous: members.text('previous'), intact: text === sealed(line) };
  } catch {
    return undefined;
  }
}

function lockOf(members: Members): RecordedLock {
  return {
    id: members.text('id'),
    document: members.text('policy'),
    createdAtMs: members.instant('createdAt'),
    completedAtMs: members.instant('completedAt'),
  };
}

interface Members {
  text(name: string): string;
  whole(name: string): number;
  instant(name: string): number;
  object(name: string): Members;
}

/** The members of an object, each of the type it must have; anything else throws. */
function membersOf(value: unknown): Members {
  const object = value as Record<string, unknown>;
  const text = (name: string): string => {
    const member = object[name];
    if (typeof member !== 'string') throw new TypeError(`${name} is no text`);
    return member;
  };
  return {
    text,
    whole(name: string): number {
      const member = object[name];
      if (!Number.isSafeInteger(member)) throw new TypeError(`${name} is no whole number`);
      return member as number;
    },
    instant(name: string): number {
      const atMs = parseInstant(text(name));
      if (atMs === undefined) throw new TypeError(`${name} is no instant`);
      return atMs;
    },
    object: (name) => membersOf(object[name]),
  };
}
