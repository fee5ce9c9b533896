import {
  CreateVaultCommand,
  GetDataRetrievalPolicyCommand,
  type GlacierClient,
  SetDataRetrievalPolicyCommand,
} from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { glacierClient, type Refusal, refusalOf, runJob, startJob, uploadArchive } from '../support/clients.ts';
import { MIB, noise } from '../support/hashes.ts';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { stateOf } from '../support/state.ts';

/** The data retrieval policy: what it looks like, what is refused as one, and which jobs it refuses. */
const path = '/-/policies/data-retrieval';
const vaultName = 'policies';
/** Longer than all of these tests together. */
const TIMES = 'expedited=0s,standard=1h,bulk=0s,inventory=0s';
const NONE = '{"Policy":{"Rules":[{"BytesPerHour":null,"Strategy":"None"}]}}';
const DENIED = {
  status: 400,
  code: 'PolicyEnforcedException',
  message: 'InitiateJob request denied by current data retrieval policy.',
};

let server: TestServer;
let client: GlacierClient;
beforeAll(async () => {
  server = await startServer({ flags: ['--retrieval-times', TIMES] });
  client = glacierClient(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const put = (body: string, target: TestServer = server) => send(target, { method: 'PUT', path, body });
const shown = async (target: TestServer = server): Promise<string> =>
  (await send(target, { method: 'GET', path })).text;
const policyOf = (members: string) => `{"Policy":{"Rules":[{${members}}]}}`;
const rate = (bytesPerHour: string) => policyOf(`"Strategy":"BytesPerHour","BytesPerHour":${bytesPerHour}`);
const shownRate = (digits: string) => policyOf(`"BytesPerHour":${digits},"Strategy":"BytesPerHour"`);

describe('the policy', () => {
  test('is None before any is set', async () => {
    await using fresh = await startServer();
    expect(await shown(fresh)).toBe(NONE);
    const { Policy } = await glacierClient(fresh).send(new GetDataRetrievalPolicyCommand({ accountId: '-' }));
    expect(Policy?.Rules).toMatchObject([{ Strategy: 'None' }]);
  });

  test('is set and shown through the SDK', async () => {
    for (const rule of [{ Strategy: 'BytesPerHour', BytesPerHour: 10737418240 }, { Strategy: 'FreeTier' }]) {
      const asked = { accountId: '-', Policy: { Rules: [rule] } };
      const { $metadata } = await client.send(new SetDataRetrievalPolicyCommand(asked));
      expect($metadata.httpStatusCode).toBe(204);
      const { Policy } = await client.send(new GetDataRetrievalPolicyCommand({ accountId: '-' }));
      expect(Policy?.Rules).toMatchObject([rule]);
    }
  });

  test('is answered byte for byte', async () => {
    const set = await put(rate('10737418240'));
    expect([set.status, set.text, set.header('content-length')]).toEqual([204, '', undefined]);
    const got = await send(server, { method: 'GET', path });
    expect([got.status, got.text]).toEqual([200, shownRate('10737418240')]);
    expect(got.header('content-type')).toBe('application/json');
    for (const strategy of ['FreeTier', 'None']) {
      expect((await put(policyOf(`"Strategy":"${strategy}"`))).status).toBe(204);
      expect(await shown()).toBe(policyOf(`"BytesPerHour":null,"Strategy":"${strategy}"`));
    }
  });

  test.each([
    ['1', '1'],
    ['9007199254740991', '9007199254740991'],
    ['9007199254740993', '9007199254740993'],
    ['9223372036854775807', '9223372036854775807'],
    ['9.223372036854775807e18', '9223372036854775807'],
    ['1e3', '1000'],
    ['10.0', '10'],
  ])('keeps every digit of %s', async (number, digits) => {
    expect((await put(rate(number))).status).toBe(204);
    expect(await shown()).toBe(shownRate(digits));
  });
});

describe('what is no policy is refused and changes nothing', () => {
  beforeEach(async () => {
    await put(rate('77'));
  });

  async function refused(body: string): Promise<Refusal> {
    const { status, json } = await put(body);
    expect(await shown()).toBe(shownRate('77'));
    return { status, code: json.code, message: json.message };
  }

  test.each(['0', '-1', '1.5', '9223372036854775808', '1e19', '1e400', `1${'0'.repeat(50_000)}`])(
    'BytesPerHour %#',
    async (number) => {
      const { status, code, message } = await refused(rate(number));
      expect([status, code]).toEqual([400, 'InvalidParameterValueException']);
      expect(message).toContain('It must be a whole number from 1 to 9223372036854775807.');
    },
  );

  test.each([
    ['no body', '', 'Policy'],
    ['no policy', '{}', 'Policy'],
    ['no rules', '{"Policy":{}}', 'Rules'],
    ['no strategy', policyOf('"BytesPerHour":1'), 'Strategy'],
    ['no rate', policyOf('"Strategy":"BytesPerHour"'), 'BytesPerHour'],
  ])('%s', async (_, body, name) => {
    const message = `Required parameter missing: ${name}`;
    expect(await refused(body)).toEqual({ status: 400, code: 'MissingParameterValueException', message });
  });

  test.each([
    ['two rules', '{"Policy":{"Rules":[{"Strategy":"None"},{"Strategy":"None"}]}}'],
    ['no rule', '{"Policy":{"Rules":[]}}'],
    ['another case', policyOf('"Strategy":"none"')],
    ['an unknown strategy', policyOf('"Strategy":"BytesPerDay"')],
    ['a rate with FreeTier', policyOf('"Strategy":"FreeTier","BytesPerHour":1')],
    ['a rate with None', policyOf('"Strategy":"None","BytesPerHour":1')],
  ])('%s', async (_, body) => {
    expect(await refused(body)).toMatchObject({ status: 400, code: 'InvalidParameterValueException' });
  });

  test('a body that is far too large', async () => {
    const body = rate(`1,"x":[${'1,'.repeat(50_000)}1]`);
    const message = `Invalid Content-Length: ${body.length}`;
    expect(await refused(body)).toEqual({ status: 400, code: 'InvalidParameterValueException', message });
  });

  test.each([
    ['a text for a number', rate('"1000"')],
    ['a number for a text', policyOf('"Strategy":1')],
    ['rules that are no array', '{"Policy":{"Rules":{"Strategy":"None"}}}'],
    ['a rule that is null', '{"Policy":{"Rules":[null]}}'],
    ['broken JSON', '{"Policy":'],
    ['an array', '[]'],
    ['deep nesting', `{"Policy":${'['.repeat(30_000)}1${']'.repeat(30_000)}}`],
  ])('%s', async (_, body) => {
    expect(await refused(body)).toMatchObject({ status: 400, code: 'SerializationException' });
  });
});

describe('a policy of 1,000 bytes per hour', () => {
  let archiveId = '';
  let largeId = '';
  beforeAll(async () => {
    await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
    archiveId = await uploadArchive(client, { vaultName, body: noise(300_000) });
    largeId = await uploadArchive(client, { vaultName, body: noise(2 * MIB + 1000) });
    await put(rate('1000'));
  });

  const retrieval = (more: object = {}) => ({ Type: 'archive-retrieval', ArchiveId: archiveId, ...more });
  const refused = async (job: object): Promise<void> => {
    const before = await stateOf(server, vaultName);
    expect(await refusalOf(startJob(client, vaultName, job))).toEqual(DENIED);
    expect(await stateOf(server, vaultName)).toBe(before);
  };

  test('refuses a Standard job of 300 kB, and makes none', async () => {
    await refused(retrieval());
    await refused(retrieval({ Tier: 'Standard' }));
    const body = JSON.stringify(retrieval());
    const { status, text } = await send(server, { method: 'POST', path: `/-/vaults/${vaultName}/jobs`, body });
    expect(status).toBe(400);
    expect(text).toBe(
      '{"code":"PolicyEnforcedException",' +
        '"message":"InitiateJob request denied by current data retrieval policy.","type":"Client"}',
    );
  });

  test('lets Expedited and Bulk ones and inventories pass', async () => {
    await runJob(client, vaultName, retrieval({ Tier: 'Expedited' }));
    await runJob(client, vaultName, retrieval({ Tier: 'Bulk' }));
    await runJob(client, vaultName, { Type: 'inventory-retrieval' });
    await runJob(client, vaultName, { Type: 'inventory-retrieval', Tier: 'Standard' });
  });

  test('goes by the range that is retrieved, and by all that runs', async () => {
    const small = { ArchiveId: largeId, RetrievalByteRange: `${2 * MIB}-${2 * MIB + 999}` };
    await refused(retrieval({ ArchiveId: largeId, RetrievalByteRange: `${MIB}-${2 * MIB - 1}` }));
    for (let count = 0; count < 4; count += 1) await startJob(client, vaultName, retrieval(small));
    await refused(retrieval(small));
    await put(rate('1250'));
    await startJob(client, vaultName, retrieval(small));
    await refused(retrieval(small));
    await put(policyOf('"Strategy":"None"'));
    await startJob(client, vaultName, retrieval());
  });
});

test('FreeTier leaves a day its share of what --free-retrieval gives the month', async () => {
  await using other = await startServer({ flags: ['--free-retrieval', '18600KB'] });
  const free = glacierClient(other);
  await free.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  const ArchiveId = await uploadArchive(free, { vaultName, body: noise(300_000) });
  const start = (more: object = {}) => runJob(free, vaultName, { Type: 'archive-retrieval', ArchiveId, ...more });
  expect((await put(policyOf('"Strategy":"FreeTier"'), other)).status).toBe(204);
  // 600,000 bytes in a month of 31 days, less than 900,000 in any. Around midnight (UTC) a new day may begin once.
  const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => start()));
  const startedCount = outcomes.filter(({ status }) => status === 'fulfilled').length;
  expect(startedCount).toBeGreaterThanOrEqual(2);
  expect(startedCount).toBeLessThanOrEqual(4);
  expect(await refusalOf(Promise.all([start(), start(), start()]))).toEqual(DENIED);
  for (const Tier of ['Expedited', 'Bulk']) await start({ Tier });
  expect((await put(policyOf('"Strategy":"None"'), other)).status).toBe(204);
  await start();
});

test('a policy is there after a kill', async () => {
  await using first = await startServer();
  expect((await put(rate('9007199254740993'), first)).status).toBe(204);
  await first.kill();
  await using second = await startServer({ dataDir: first.dataDir });
  expect(await shown(second)).toBe(shownRate('9007199254740993'));
});
