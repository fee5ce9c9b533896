import { GIB, MIB } from '../src/model/limits.ts';
import { repeatedBody } from './repeated-body.ts';
import type { Row } from './report.ts';
import { makeScratch } from './scratch.ts';
import { startMoraine } from './servers.ts';
import { VaultClient } from './vault-client.ts';

/** The largest single archive in and out of a fresh server: its memory must not grow with the archive. */
export async function memory({ quick }: { quick: boolean }): Promise<Row[]> {
  const small = await peakMib(32 * MIB);
  const sizeBytes = quick ? 512 * MIB : 4 * GIB;
  const reference = { case: '32 MiB in and out', value: small };
  return [
    { ...reference, unit: 'MiB' },
    { case: `${sizeBytes / MIB} MiB in and out`, value: await peakMib(sizeBytes), unit: 'MiB', against: reference },
  ];
}

/** Peak resident memory of a server that takes one archive and gives it back. */
async function peakMib(sizeBytes: number): Promise<number> {
  using scratch = makeScratch();
  await using moraine = await startMoraine(scratch.path);
  const vault = new VaultClient(moraine);
  await vault.createVault();
  const receivedBytes = await vault.download(await vault.retrieve(await vault.upload(repeatedBody(sizeBytes))));
  if (receivedBytes !== sizeBytes) throw new Error(`${receivedBytes} bytes came back instead of ${sizeBytes}`);
  return moraine.peakMemoryMib();
}
