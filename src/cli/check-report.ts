import type { Finding } from '../core/check.ts';
import { MIB } from '../model/limits.ts';
import { plain } from './output.ts';

/** What a check has come to. */
export interface CheckSummary {
  archives: number;
  findings: number;
  orphans: number;
  strangers: number;
  /** Null where no bytes were read. */
  read: { archives: number; bytes: number; wholeSubset: boolean; noted: number } | null;
}

/** Prints what is found as it is found, so that it need not be kept: lines, or the members of one JSON object. */
export class CheckReport {
  readonly #json: boolean;
  readonly #write: (text: string) => void;
  #count = 0;
  #begun = false;

  constructor({ json, write }: { json: boolean; write: (text: string) => void }) {
    this.#json = json;
    this.#write = write;
  }

  /** Nothing is printed before this: what cannot be run has no report. */
  begin(): void {
    if (this.#json && !this.#begun) this.#write('{"findings":[');
    this.#begun = true;
  }

  get count(): number {
    return this.#count;
  }

  found(finding: Finding): void {
    this.begin();
    const before = this.#count === 0 ? '' : ',';
    this.#count += 1;
    this.#write(this.#json ? `${before}\n${JSON.stringify(finding)}` : `${lineOf(finding)}\n`);
  }

  /** A name that Moraine has not given; nothing that is wrong. */
  stranger(path: string): void {
    if (!this.#json) this.#write(`unknown file: ${plain(path)}\n`);
  }

  end(summary: CheckSummary): void {
    this.#write(this.#json ? `\n],"summary":${JSON.stringify(summary)}}\n` : `${linesOf(summary)}\n`);
  }
}

function lineOf({ kind, account, vault, archiveId, state, what }: Finding): string {
  const where = [account, vault, archiveId].filter((name) => name !== null).join('/');
  return [state, kind, where, plain(what)].filter((word) => word !== '').join('  ');
}

function linesOf({ archives, findings, orphans, strangers, read }: CheckSummary): string {
  const lines = [`${archives} archives were looked at`];
  if (read !== null) {
    const end = read.wholeSubset ? '' : '; the time was over before all were read';
    lines.push(`${read.archives} archives were read, ${shownSize(read.bytes)}${end}`);
    if (read.noted > 0) lines.push(`${read.noted} verdicts were put on record by the server`);
  }
  if (orphans > 0) lines.push(`${orphans} blobs have no row; the server's sweeps see to them`);
  if (strangers > 0) lines.push(`${strangers} files are not Moraine's`);
  lines.push(findings === 0 ? 'nothing is wrong' : `${findings} ${findings === 1 ? 'thing is' : 'things are'} wrong`);
  return lines.join('\n');
}

export const shownSize = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
