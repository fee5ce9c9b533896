import { CreateVaultCommand, type GlacierClient } from '@aws-sdk/client-glacier';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  glacierClient,
  invalid,
  missing,
  notFound,
  type Refusal,
  refusalOf,
  startJob,
  uploadArchive,
  vaultNotFound,
} from '../support/clients.ts';
import { MIB, noise } from '../support/hashes.ts';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { stateOf } from '../support/state.ts';

/** Jobs that are refused: each with its error, and none of them is there afterwards. */
const vaultName = 'refusals';
const sizeBytes = 3 * MIB + 10;

let server: TestServer;
let client: GlacierClient;
let archiveId = '';
let before = '';
beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName: 'other' }));
  archiveId = await uploadArchive(client, { vaultName, body: noise(sizeBytes) });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  before = await stateOf(server, vaultName);
});
afterEach(async () => expect(await stateOf(server, vaultName)).toBe(before));

const retrieval = (more: object = {}) => ({ Type: 'archive-retrieval', ArchiveId: archiveId, ...more });
const inventory = (more: object = {}) => ({ Type: 'inventory-retrieval', ...more });
const ranged = (parameters: object) => inventory({ InventoryRetrievalParameters: parameters });

async function initiate(body: Uint8Array | string, vault = vaultName): Promise<Refusal> {
  const { status, json } = await send(server, { method: 'POST', path: `/-/vaults/${vault}/jobs`, body });
  return { status, code: json.code, message: json.message };
}
const refusal = (job: object) => initiate(JSON.stringify(job));

describe('the body', () => {
  test('is missing', async () => {
    expect(await initiate('')).toEqual(missing('Job Parameters'));
    expect(await refusalOf(startJob(client, vaultName, undefined))).toMatchObject({
      status: 400,
      code: 'MissingParameterValueException',
    });
  });

  test('has no Type', async () => {
    expect(await initiate('{}')).toEqual(missing('type'));
    expect(await refusal({ ArchiveId: archiveId, Type: null })).toEqual(missing('type'));
    expect(await refusal({ jobParameters: retrieval() })).toEqual(missing('type'));
  });

  test.each(['{', 'Type=archive-retrieval', '{"Type":"inventory-retrieval",}', "{'Type':1}", '\u0000', '{}{}'])(
    'is not JSON: %j',
    async (body) => {
      expect(await initiate(body)).toEqual({
        status: 400,
        code: 'SerializationException',
        message: 'The request body is not valid JSON.',
      });
    },
  );

  test('is not UTF-8', async () => {
    const body = Buffer.from('{"Type":"inventory-retrieval","Description":"caf\xe9"}', 'latin1');
    expect(await initiate(body)).toMatchObject({ status: 400, code: 'SerializationException' });
  });

  test.each(['[]', '"archive-retrieval"', '7', 'null', 'true'])('is JSON, but no object: %s', async (body) => {
    expect(await initiate(body)).toEqual({
      status: 400,
      code: 'SerializationException',
      message: 'The request body is not a JSON object.',
    });
  });

  test('is nested too deep, or holds a member of another type', async () => {
    const deep = `{"Type":"inventory-retrieval","x":${'['.repeat(5000)}${']'.repeat(5000)}}`;
    expect(await initiate(deep)).toMatchObject({ status: 400, code: 'SerializationException' });
    for (const member of [{ Type: 7 }, { Description: 7 }, { ArchiveId: ['x'] }, { Tier: {} }, { SNSTopic: true }]) {
      expect(await refusal(retrieval(member))).toMatchObject({ status: 400, code: 'SerializationException' });
    }
    for (const parameters of ['all', 7, []]) {
      const job = inventory({ InventoryRetrievalParameters: parameters });
      expect(await refusal(job)).toMatchObject({ status: 400, code: 'SerializationException' });
    }
  });

  test('is larger than any job can be', async () => {
    const refused = await refusal(retrieval({ x: 'x'.repeat(2 * MIB) }));
    expect(refused).toMatchObject({ status: 400, code: 'InvalidParameterValueException' });
    expect(refused.message).toMatch(/^Invalid Content-Length: \d+$/);
  });
});

describe('the kind of job', () => {
  test.each(['Archive-Retrieval', 'archive_retrieval', '', 'ArchiveRetrieval', 'x'])(
    '"%s" is not known',
    async (Type) => {
      expect(await refusal({ Type, ArchiveId: archiveId })).toEqual(invalid(`The job type is not valid: ${Type}`));
    },
  );
});

describe('an archive retrieval', () => {
  test('names no archive', async () => {
    expect(await refusal({ Type: 'archive-retrieval' })).toEqual(missing('archiveId'));
  });

  test.each(['A'.repeat(138), 'x', '../x', 'ü'])('names an archive that never was: %s', async (ArchiveId) => {
    expect(await refusal(retrieval({ ArchiveId }))).toEqual(notFound(`The archive ID was not found: ${ArchiveId}`));
  });

  test('names an archive of another vault', async () => {
    expect(await initiate(JSON.stringify(retrieval()), 'other')).toEqual(
      notFound(`The archive ID was not found: ${archiveId}`),
    );
  });

  test.each(['1-1048576', '0-1048574', '0-1048576', '1048575-2097151', '1048576-3145736', '524288-1572863'])(
    'asks for %s, which is not aligned to MiB',
    async (RetrievalByteRange) => {
      const refused = await refusal(retrieval({ RetrievalByteRange }));
      expect(refused).toMatchObject({ status: 400, code: 'InvalidParameterValueException' });
      expect(refused.message).toContain(`Invalid RetrievalByteRange: ${RetrievalByteRange} is not megabyte aligned`);
    },
  );

  test.each([`0-${sizeBytes}`, '0-4194303', '3145728-4194303', '4194304-5242879', '0-999999999999999'])(
    'asks for %s, which goes past the end',
    async (RetrievalByteRange) => {
      const refused = await refusal(retrieval({ RetrievalByteRange }));
      expect(refused).toMatchObject({ status: 400, code: 'InvalidParameterValueException' });
      expect(refused.message).toContain(`Invalid RetrievalByteRange: ${RetrievalByteRange} goes past the end`);
    },
  );

  test.each([
    '',
    '0',
    '0-',
    '-1048575',
    '1048576-0',
    'bytes=0-1048575',
    '0-1048575/*',
    'a-b',
    '0x0-0x1',
    '0-1e6',
    ' 0-1',
  ])('asks for the range "%s"', async (RetrievalByteRange) => {
    expect(await refusal(retrieval({ RetrievalByteRange }))).toEqual(
      invalid(`Invalid RetrievalByteRange: ${RetrievalByteRange}`),
    );
  });

  test.each(['standard', 'STANDARD', '', 'Cheap'])('asks for the tier "%s"', async (Tier) => {
    expect(await refusal(retrieval({ Tier }))).toMatchObject({
      status: 400,
      code: 'InvalidParameterValueException',
      message: expect.stringContaining(`Invalid Tier: ${Tier}`),
    });
  });

  test('comes with the parameters of an inventory', async () => {
    const refused = await refusal(retrieval({ InventoryRetrievalParameters: { Limit: '1' } }));
    expect(refused).toMatchObject({ status: 400, code: 'InvalidParameterValueException' });
  });

  test.each(['x'.repeat(1025), 'tab\t', 'é', '\u007f'])('has the description %j', async (Description) => {
    expect(await refusal(retrieval({ Description }))).toMatchObject({
      status: 400,
      code: 'InvalidParameterValueException',
      message: expect.stringMatching(/^Invalid description: /),
    });
  });

  test.each(['', 'mytopic', 'arn:aws:sqs:us-east-1:111122223333:q', 'http://localhost'])(
    'has the topic "%s"',
    async (SNSTopic) => {
      expect(await refusal(retrieval({ SNSTopic }))).toEqual(invalid(`Invalid SNSTopic: ${SNSTopic}`));
    },
  );
});

describe('an inventory retrieval', () => {
  test.each([{ ArchiveId: 'x' }, { RetrievalByteRange: '0-1048575' }])('comes with %j', async (member) => {
    expect(await refusal(inventory(member))).toMatchObject({ status: 400, code: 'InvalidParameterValueException' });
  });

  test.each(['json', 'csv', 'XML', ''])('asks for the format "%s"', async (Format) => {
    expect(await refusal(inventory({ Format }))).toMatchObject({
      status: 400,
      code: 'InvalidParameterValueException',
      message: expect.stringContaining(`Invalid Format: ${Format}`),
    });
  });

  test.each([
    '',
    'yesterday',
    '2014-13-01',
    '2014-02-30T00:00:00Z',
    '2014-01-01T25:00:00Z',
    '1388534400',
    '01/02/2014',
  ])('begins or ends at "%s"', async (date) => {
    expect(await refusal(ranged({ StartDate: date }))).toEqual(invalid(`Invalid StartDate: ${date}`));
    expect(await refusal(ranged({ EndDate: date }))).toEqual(invalid(`Invalid EndDate: ${date}`));
  });

  test('begins after its end', async () => {
    const dates = { StartDate: '2014-01-02T00:00:00Z', EndDate: '2014-01-01T00:00:00Z' };
    expect(await refusal(ranged(dates))).toMatchObject({ status: 400, code: 'InvalidParameterValueException' });
  });

  test.each(['0', '', '-1', '1.5', 'ten', ' 1', 0, -1, 1.5, '99999999999999999999'])(
    'has the limit %j',
    async (limit) => {
      expect(await refusal(ranged({ Limit: limit }))).toEqual(invalid(`The limit is not valid: ${limit}`));
    },
  );

  test.each(['x', 'A'.repeat(135), 'null'])('has the marker "%s"', async (marker) => {
    expect(await refusal(ranged({ Marker: marker }))).toEqual(invalid(`The marker is not valid: ${marker}`));
  });
});

test('a vault that is not there', async () => {
  expect(await initiate(JSON.stringify(inventory()), 'nowhere')).toEqual(vaultNotFound('nowhere'));
});
