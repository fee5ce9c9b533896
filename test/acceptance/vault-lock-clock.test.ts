import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateVaultCommand, GlacierClient } from '@aws-sdk/client-glacier';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { refusalOf, uploadArchive } from '../support/clients.ts';
import { fakeClock, fakeClockMissing, setClock } from '../support/fake-clock.ts';
import { REGION, startServer, type TestServer } from '../support/server.ts';
import { alarmsIn, changeMetadata, locksOf, retention } from '../support/vault-lock.ts';

/** A wall clock that is moved under a running server. */
const DAY_MS = 24 * 60 * 60 * 1000;
const vaultName = 'compliance';

let directory = '';
let offset = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-clock-'));
  offset = join(directory, 'offset');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const setTo = (days: number) => setClock(offset, days);
const started = (): Promise<TestServer> => {
  setTo(0);
  return startServer({ dataDir: join(directory, 'data'), env: fakeClock(offset) });
};
/** A client whose clock is as wrong as the server's: signatures are good for minutes. */
function clientOf({ url, accessKeyId, secretAccessKey }: TestServer, days = 0) {
  const client = new GlacierClient({
    endpoint: url,
    region: REGION,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
    systemClockOffset: days * DAY_MS,
  });
  return { client, ...locksOf(client, vaultName) };
}
const upload = ({ client }: { client: GlacierClient }) =>
  uploadArchive(client, { vaultName, body: Buffer.from('kept') });
const codeOf = async (call: Promise<unknown>) => (await refusalOf(call)).code;

test.runIf(fakeClockMissing === undefined)(
  'S-62 F-19 a clock set two years ahead deletes nothing, and freezes ages',
  async () => {
    const old: string[] = [];
    {
      await using server = await started();
      await clientOf(server).client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
      await clientOf(server).lock(retention(vaultName, 365));
      for (let made = 0; made < 3; made += 1) old.push(await upload(clientOf(server)));
      await server.stop();
    }
    const [first = '', second = ''] = old;
    changeMetadata(
      { dataDir: join(directory, 'data') },
      `update archives set created_at = created_at - ${365 * DAY_MS}`,
    );
    await using server = await started();
    await clientOf(server).remove(first);
    const young = await upload(clientOf(server));
    setTo(730);
    // A client corrects its clock by the answer it gets, so each call has a new one.
    const ahead = () => clientOf(server, 730);
    expect(await codeOf(ahead().remove(young))).toBe('AccessDeniedException');
    expect(await codeOf(ahead().remove(second))).toBe('AccessDeniedException');
    expect(alarmsIn(server)).toEqual([expect.stringMatching(/^the wall clock is not believed/)]);
    setTo(0);
    expect(await codeOf(clientOf(server).remove(second))).toBe('AccessDeniedException');
  },
);

test.runIf(fakeClockMissing === undefined)(
  'S-62 F-19 an archive made while the clock was two years behind is not old',
  async () => {
    await using server = await started();
    await clientOf(server).client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
    await clientOf(server).lock(retention(vaultName, 365));
    setTo(-730);
    const made = await upload(clientOf(server, -730));
    setTo(0);
    expect(await codeOf(clientOf(server).remove(made))).toBe('AccessDeniedException');
    expect(alarmsIn(server)).toEqual([]);
  },
);
