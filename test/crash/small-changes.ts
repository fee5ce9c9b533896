import { expect } from 'vitest';
import { noise, treeHash } from '../support/hashes.ts';
import type { Caller } from '../support/kept-connection.ts';
import { Facts } from './facts.ts';
import { oneOf } from './tiers.ts';

/** Small changes beside the jobs: tags, vaults, and archives of a few bytes, each kept account of by its own client. */
export class SmallChanges {
  readonly tags = new Facts<string>();
  readonly vaults = new Facts<boolean>();
  readonly archives = new Facts<boolean>();
  /** Of uploads without an answer, whose archives nobody has the id of. */
  readonly #uploads = new Map<string, string>();
  #lost = 0;
  #count = 0;

  /** One change; false when no answer came. */
  readonly deeds: Record<'tags' | 'vaults' | 'archives', (call: Caller, random: () => number) => Promise<boolean>> = {
    tags: async (call, random) => {
      const name = oneOf(random, TAG_NAMES);
      const value = `value ${this.#next()}`;
      const body = JSON.stringify({ Tags: { [name]: value } });
      const asking = { method: 'POST', target: `${TAGGED}/tags?operation=add`, body };
      return this.#change(this.tags, { name, value, ask: () => call(asking), status: 204 });
    },
    vaults: async (call) => {
      const full = this.vaults.names.length >= VAULTS_MAX;
      const name = full ? (this.vaults.names[0] ?? '') : `small-${this.#next()}`;
      const asking = { method: full ? 'DELETE' : 'PUT', target: `/-/vaults/${name}` };
      const value = full ? undefined : true;
      return this.#change(this.vaults, { name, value, ask: () => call(asking), status: full ? 204 : 201 });
    },
    archives: async (call, random) => {
      const { names } = this.archives;
      if (names.length >= ARCHIVES_MIN && random() < 0.5) {
        const name = oneOf(random, names);
        const asking = { method: 'DELETE', target: `${KEPT}/archives/${name}` };
        return this.#change(this.archives, { name, value: undefined, ask: () => call(asking), status: 204 });
      }
      return this.#upload(call);
    },
  };

  /** Everything that was answered is so, everything that was cut off happened or did not. */
  async check(call: Caller): Promise<void> {
    const { json } = await call({ target: `${TAGGED}/tags` });
    const complaints = TAG_NAMES.map((name) => this.tags.complaint(name, json.Tags[name]));
    for (const name of this.vaults.touched) {
      const { status } = await call({ target: `/-/vaults/${name}` });
      complaints.push(this.vaults.complaint(name, foundBy(status, 200)));
    }
    for (const name of this.archives.touched) {
      const body = JSON.stringify({ Type: 'archive-retrieval', ArchiveId: name });
      const { status } = await call({ method: 'POST', target: `${KEPT}/jobs`, body });
      complaints.push(this.archives.complaint(name, foundBy(status, 202)));
    }
    expect(complaints.filter((complaint) => complaint !== undefined)).toEqual([]);
    const count = (await call({ target: KEPT })).json.NumberOfArchives;
    const sure = this.archives.names.length;
    expect({ count, isOfUploads: count >= sure && count <= sure + this.#lost }).toEqual({ count, isOfUploads: true });
  }

  /** Every archive is in the inventory with its hash, and every other one there is of an upload without an answer. */
  checkInventory(archives: { ArchiveId: string; ArchiveDescription: string; SHA256TreeHash: string }[]): void {
    const ids = new Set(archives.map((archive) => archive.ArchiveId));
    expect(ids.size).toBe(archives.length);
    expect(this.archives.names.filter((name) => !ids.has(name))).toEqual([]);
    for (const { ArchiveId: id, ArchiveDescription: description, SHA256TreeHash: hash } of archives) {
      expect({ id, hash }).toEqual({ id, hash: treeHash(noise(ARCHIVE_BYTES, description)) });
      if (this.archives.valueOf(id)) continue;
      expect([...this.#uploads.keys()]).toContain(description);
      this.#uploads.delete(description);
    }
  }

  #next(): number {
    this.#count += 1;
    return this.#count;
  }

  async #upload(call: Caller): Promise<boolean> {
    const description = `archive ${this.#next()}`;
    const body = noise(ARCHIVE_BYTES, description);
    const headers = { 'x-amz-sha256-tree-hash': treeHash(body), 'x-amz-archive-description': description };
    const answer = await call({ method: 'POST', target: `${KEPT}/archives`, headers, body }).catch(() => undefined);
    if (answer === undefined) {
      this.#uploads.set(description, description);
      this.#lost += 1;
    }
    const id = answer?.header('x-amz-archive-id');
    if (answer?.status === 201 && id !== undefined) {
      this.archives.ask(id, true);
      this.archives.settle(id, true);
    }
    return answer?.status === 201;
  }

  async #change<Value extends string | boolean>(
    facts: Facts<Value>,
    {
      name,
      value,
      ask,
      status,
    }: { name: string; value: Value | undefined; ask: () => ReturnType<Caller>; status: number },
  ): Promise<boolean> {
    facts.ask(name, value);
    const answer = await ask().catch(() => undefined);
    if (answer === undefined) return false;
    facts.settle(name, answer.status === status);
    return answer.status === status;
  }
}

const TAGGED = '/-/vaults/tagged';
const KEPT = '/-/vaults/kept';
/** To be made before the first change. */
export const SMALL_VAULTS = [TAGGED, KEPT];
export const ARCHIVES_PATH = KEPT;

const TAG_NAMES = ['a', 'b', 'c', 'd', 'e'];
const VAULTS_MAX = 3;
const ARCHIVES_MIN = 10;
const ARCHIVE_BYTES = 100;

/** Whether a thing is there, by the status of an answer that only a thing that is there gets. */
function foundBy(status: number, there: number): true | undefined {
  if (status === there) return true;
  expect(status).toBe(404);
  return undefined;
}
