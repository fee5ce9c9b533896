import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateVaultCommand, type GlacierClient } from '@aws-sdk/client-glacier';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { glacierClient, outputOf, runJob, uploadArchive } from '../support/clients.ts';
import { MIB, noise } from '../support/hashes.ts';
import { operatorOf } from '../support/operator.ts';
import { startServer } from '../support/server.ts';
import { uploadInParts } from '../support/uploads.ts';

/** What encryption is for: bytes that nobody finds on the disk without the key, and everybody who has it gets back. */
const vaultName = 'secret';
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-encryption-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const dataDir = () => join(directory, 'data');
const mirror = () => join(directory, 'mirror');

/** One archive of each form that the store has: in a segment, in a file, in the files of its parts. */
async function uploadForms(client: GlacierClient, seed: string): Promise<Map<string, Buffer>> {
  const small = noise(3000, `${seed} small`);
  const large = noise(1.5 * MIB, `${seed} large`);
  const parted = noise(2 * MIB + 5000, `${seed} parted`);
  return new Map([
    [await uploadArchive(client, { vaultName, body: small }), small],
    [await uploadArchive(client, { vaultName, body: large }), large],
    [await uploadInParts(client, { vaultName, partSize: MIB, bytes: parted }), parted],
  ]);
}

async function expectBack(client: GlacierClient, archives: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const [ArchiveId, bytes] of archives) {
    const jobId = await runJob(client, vaultName, { Type: 'archive-retrieval', ArchiveId });
    expect((await outputOf(client, { vaultName, jobId })).bytes.equals(bytes)).toBe(true);
  }
}

/** How many of these archives have their first bytes, or the last ones, in some file below. */
function foundIn(root: string, archives: ReadonlyMap<string, Buffer>): number {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const texts = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name)));
  const pieces = [...archives.values()].map((bytes) => [bytes.subarray(0, 24), bytes.subarray(-24)]);
  return pieces.filter((ends) => ends.some((end) => texts.some((text) => text.includes(end)))).length;
}

const keysIn = (): string[] =>
  readFileSync(join(dataDir(), 'encryption.key'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');

test('S-95 bytes of archives are nowhere on the disk, and come back after a rotation without the old key', async () => {
  const flags = ['--mirror', mirror(), '--log-level', 'debug'];
  await using first = await startServer({ dataDir: dataDir(), flags });
  const client = glacierClient(first);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  const archives = await uploadForms(client, 'sealed');
  await expectBack(client, archives);
  await first.stop();
  expect(foundIn(directory, archives)).toBe(0);
  const [old = ''] = keysIn();
  expect(old).not.toBe('');
  const rotated = await operatorOf(dataDir(), { MORAINE_MIRROR: mirror() }).run(['encryption', 'rotate']);
  expect(rotated.code, rotated.stderr).toBe(0);
  expect(keysIn()).toHaveLength(1);
  expect(keysIn()).not.toContain(old);
  await using second = await startServer({ dataDir: dataDir(), flags });
  await expectBack(glacierClient(second), archives);
  await second.stop();
  for (const key of [old, ...keysIn()]) expect(first.stderr() + second.stderr() + rotated.stdout).not.toContain(key);
});

test('without encryption bytes are as they came, and what either setting wrote stays readable under the other', async () => {
  await using plain = await startServer({ dataDir: dataDir(), flags: ['--encryption', 'none'] });
  const client = glacierClient(plain);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  const open = await uploadForms(client, 'open');
  await plain.stop();
  expect(foundIn(dataDir(), open)).toBe(3);
  await using encrypting = await startServer({ dataDir: dataDir() });
  await expectBack(glacierClient(encrypting), open);
  const sealed = await uploadForms(glacierClient(encrypting), 'sealed');
  await encrypting.stop();
  expect(foundIn(dataDir(), sealed)).toBe(0);
  await using again = await startServer({ dataDir: dataDir(), flags: ['--encryption', 'none', '--native', 'off'] });
  await expectBack(glacierClient(again), new Map([...open, ...sealed]));
});
