import type { Gate } from '../src/api/authenticate.ts';
import { ByteBudget } from '../src/api/byte-budget.ts';
import { errorForms } from '../src/api/errors.ts';
import { ApiServer } from '../src/api/server.ts';
import { rootCaller } from '../src/core/callers.ts';
import type { Core } from '../src/core/core.ts';
import { systemClock } from '../src/model/clock.ts';
import { limits } from '../src/model/limits.ts';
import { SigningKeyCache } from '../src/sigv4/signing-key.ts';
import { createLog } from '../src/telemetry/log.ts';
import { testArrangement, VAULT } from '../test/support/arrangement.ts';
import { ACCESS_KEY } from './servers.ts';

/**
 * The API over a vault of its own, put together three ways: `off` knows one key and asks no policy, which no setting of the
 * program can bring about; `root` decides about the root of the account; `user` looks up the key of a user with a policy,
 * whose requests are for a vault that has an access policy and a lock.
 */
const [mode] = process.argv.slice(2);
const { accountId } = VAULT;
const ABOUT_VAULT = { Principal: '*', Resource: `arn:aws:glacier:us-east-1:${accountId}:vaults/${VAULT.name}` };
const policy = (statement: object): string => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
const ACCESS = policy({ Effect: 'Deny', Action: 'glacier:Delete*', ...ABOUT_VAULT });
const LOCK = policy({
  Effect: 'Deny',
  Action: 'glacier:DeleteArchive',
  Condition: { NumericLessThan: { 'glacier:ArchiveAgeInDays': '365' } },
  ...ABOUT_VAULT,
});
const IDENTITY = policy({
  Effect: 'Allow',
  Action: ['glacier:Describe*', 'glacier:List*'],
  Resource: `arn:aws:glacier:*:${accountId}:vaults/*`,
  Condition: { IpAddress: { 'aws:SourceIp': ['127.0.0.0/8', '::1/128'] } },
});

type FindKey = Gate['findAccessKey'];

await using arrangement = await testArrangement({ clock: systemClock });
const { core } = arrangement;
const caller = rootCaller({ accessKeyId: ACCESS_KEY.accessKeyId, accountId });
const rootKey = { secretAccessKey: ACCESS_KEY.secretAccessKey, tokenDigest: null, expiresAtMs: null, caller };
const unasked: Core['authorisation'] = Object.create(core.authorisation, { require: { value: async () => undefined } });

await using server = await ApiServer.start({
  core: mode === 'off' ? { ...core, authorisation: unasked } : core,
  gate: {
    clock: systemClock,
    region: 'us-east-1',
    signingKeys: new SigningKeyCache(),
    unhashedBytes: new ByteBudget(limits.unhashedBytesAtOnceMax),
    findAccessKey: mode === 'user' ? await keyOfUser() : async () => rootKey,
  },
  health: { isReady: async () => true, reasons: () => [] },
  log: await createLog({ level: 'info', pretty: false }),
  listen: { host: '127.0.0.1', port: 0 },
  uploadStallTimeoutMs: 60_000,
  trustedProxies: [],
  audit: undefined,
  errorForms: errorForms({ insufficientCapacityStatus: 503 }),
});
process.stdout.write(`listening on ${server.url}\n`);
await new Promise((resolve) => process.once('SIGTERM', resolve));

/** Looks the key of a user up as the program does, and gives it the secret that the load is signed with. */
async function keyOfUser(): Promise<FindKey> {
  await core.accessPolicies.set({ vault: VAULT, document: ACCESS });
  await core.locks.initiate(VAULT, LOCK);
  await core.users.create({ accountId, name: 'bench' });
  await core.users.attachPolicy({ accountId, user: 'bench', name: 'describe', document: IDENTITY });
  const { accessKeyId } = await core.keys.create({ accountId, user: 'bench' });
  return async () => {
    const found = await core.keyRing.find(accessKeyId);
    return found && { ...found, secretAccessKey: ACCESS_KEY.secretAccessKey };
  };
}
