import { hash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { KIB, MIB } from '../../src/model/limits.ts';
import type { Row } from '../report.ts';
import { inTurn } from '../rounds.ts';
import { makeScratch } from '../scratch.ts';
import { startMoraine, startOwn } from '../servers.ts';
import { type Loaded, loaded, type Repeated } from '../signed-load.ts';
import { mean, median } from '../statistics.ts';
import { VAULT_NAME, VaultClient, vaultPath } from '../vault-client.ts';

const SIZES = [KIB, 4 * KIB, 64 * KIB, MIB];
const CLIENTS = [1, 8, 64];
const KINDS = ['encrypted', 'not encrypted'] as const;

/** UploadArchive over kept connections, beside a bare server that writes each body to a file of its own. */
export async function served({ quick }: { quick: boolean }): Promise<Row[]> {
  using scratch = makeScratch();
  const pathOf = (name: string): string => join(scratch.path, name);
  for (const name of [...KINDS, 'files']) mkdirSync(pathOf(name));
  await using encrypted = await startMoraine(pathOf('encrypted'));
  await using plain = await startMoraine(pathOf('not encrypted'), { encryption: 'none' });
  await using files = await startOwn('small/file-each.cjs', [pathOf('files')], scratch.path);
  for (const moraine of [encrypted, plain]) await new VaultClient(moraine).createVault();
  const [rounds, seconds] = quick ? [1, 0.3] : [5, 1];
  const rows: Row[] = [];
  for (const size of SIZES) {
    const request = uploadOf(size);
    for (const connections of CLIENTS) {
      const turn = { connections, seconds };
      const samples = await inTurn(rounds, {
        files: () => loaded(files, request, turn),
        encrypted: () => loaded(encrypted, request, turn),
        'not encrypted': () => loaded(plain, request, turn),
      });
      const name = `UploadArchive, ${size / KIB} KiB, ${connections === 1 ? '1 client' : `${connections} clients`}`;
      rows.push(...rowsOf(name, samples));
    }
  }
  return rows;
}

function uploadOf(size: number): Repeated {
  const body = randomBytes(size);
  // A body of up to a MiB is one leaf, so its tree hash is its hash.
  const payloadHash = hash('sha256', body);
  const headers = { 'content-length': String(size), 'x-amz-sha256-tree-hash': payloadHash };
  return { method: 'POST', target: `${vaultPath(VAULT_NAME)}/archives`, headers, payloadHash, body, status: 201 };
}

function rowsOf(name: string, samples: Record<'files' | (typeof KINDS)[number], Loaded[]>): Row[] {
  const rate = (runs: Loaded[]) => median(runs.map((run) => run.perSecond));
  const cpu = (runs: Loaded[]) => mean(runs.map((run) => run.cpuMicrosEach));
  const file = { case: `${name}: bare node:http, a file each`, value: rate(samples.files) };
  const fileCpu = { ...file, value: cpu(samples.files) };
  return [
    { ...file, unit: '/s' },
    ...KINDS.map((kind) => ({ case: `${name}, ${kind}`, value: rate(samples[kind]), unit: '/s', against: file })),
    { ...fileCpu, unit: 'CPU us' },
    ...KINDS.map((kind) => ({ case: `${name}, ${kind}`, value: cpu(samples[kind]), unit: 'CPU us', against: fileCpu })),
  ];
}
