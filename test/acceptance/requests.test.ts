import {
  AbortMultipartUploadCommand,
  AbortVaultLockCommand,
  AddTagsToVaultCommand,
  CompleteMultipartUploadCommand,
  CompleteVaultLockCommand,
  CreateVaultCommand,
  DeleteArchiveCommand,
  DeleteVaultAccessPolicyCommand,
  DeleteVaultCommand,
  DeleteVaultNotificationsCommand,
  DescribeJobCommand,
  DescribeVaultCommand,
  GetDataRetrievalPolicyCommand,
  GetJobOutputCommand,
  GetVaultAccessPolicyCommand,
  GetVaultLockCommand,
  GetVaultNotificationsCommand,
  type GlacierClient,
  InitiateJobCommand,
  InitiateMultipartUploadCommand,
  InitiateVaultLockCommand,
  ListJobsCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  ListProvisionedCapacityCommand,
  ListTagsForVaultCommand,
  ListVaultsCommand,
  PurchaseProvisionedCapacityCommand,
  RemoveTagsFromVaultCommand,
  SetDataRetrievalPolicyCommand,
  SetVaultAccessPolicyCommand,
  SetVaultNotificationsCommand,
  UploadArchiveCommand,
  UploadMultipartPartCommand,
} from '@aws-sdk/client-glacier';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { glacierClient, missing, refusalOf, vaultNotFound } from '../support/clients.ts';
import { sha256, treeHash } from '../support/hashes.ts';
import { type RawAnswer, type RawRequest, send, sendUpload } from '../support/raw-client.ts';
import { ACCOUNT_ID, startServer, type TestServer } from '../support/server.ts';
import { stateOf } from '../support/state.ts';

/** What holds for every operation: whose account, which vault, which version, and how errors look. */
const vaultName = 'requests';
const FOREIGN = '999999999999';

let server: TestServer;
let client: GlacierClient;
let before = '';
const state = async () =>
  (await send(server, { method: 'GET', path: '/-/vaults' })).text + (await stateOf(server, vaultName));
beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  before = await state();
});
afterEach(async () => expect(await state()).toBe(before));

const id = 'A'.repeat(92);
const body = Buffer.from('body');
const vault = (accountId: string, name = vaultName) => ({ accountId, vaultName: name });
const jobParameters = { Type: 'inventory-retrieval' };
const vaultNotificationConfig = {
  SNSTopic: 'arn:aws:sns:us-east-1:111122223333:topic',
  Events: ['ArchiveRetrievalCompleted'],
};

/** One call of each operation, in the account and the vault given. */
const calls: Record<string, (accountId: string, name?: string) => Promise<unknown>> = {
  CreateVault: (account, name) => client.send(new CreateVaultCommand(vault(account, name))),
  DescribeVault: (account, name) => client.send(new DescribeVaultCommand(vault(account, name))),
  ListVaults: (accountId) => client.send(new ListVaultsCommand({ accountId })),
  DeleteVault: (account, name) => client.send(new DeleteVaultCommand(vault(account, name))),
  AddTagsToVault: (account, name) =>
    client.send(new AddTagsToVaultCommand({ ...vault(account, name), Tags: { a: 'b' } })),
  RemoveTagsFromVault: (account, name) =>
    client.send(new RemoveTagsFromVaultCommand({ ...vault(account, name), TagKeys: ['a'] })),
  ListTagsForVault: (account, name) => client.send(new ListTagsForVaultCommand(vault(account, name))),
  SetVaultNotifications: (account, name) =>
    client.send(new SetVaultNotificationsCommand({ ...vault(account, name), vaultNotificationConfig })),
  GetVaultNotifications: (account, name) => client.send(new GetVaultNotificationsCommand(vault(account, name))),
  DeleteVaultNotifications: (account, name) => client.send(new DeleteVaultNotificationsCommand(vault(account, name))),
  SetVaultAccessPolicy: (account, name) =>
    client.send(new SetVaultAccessPolicyCommand({ ...vault(account, name), policy: { Policy: '{}' } })),
  GetVaultAccessPolicy: (account, name) => client.send(new GetVaultAccessPolicyCommand(vault(account, name))),
  DeleteVaultAccessPolicy: (account, name) => client.send(new DeleteVaultAccessPolicyCommand(vault(account, name))),
  UploadArchive: (account, name) => client.send(new UploadArchiveCommand({ ...vault(account, name), body })),
  DeleteArchive: (account, name) =>
    client.send(new DeleteArchiveCommand({ ...vault(account, name), archiveId: 'A'.repeat(138) })),
  InitiateMultipartUpload: (account, name) =>
    client.send(new InitiateMultipartUploadCommand({ ...vault(account, name), partSize: '1048576' })),
  UploadMultipartPart: (account, name) =>
    client.send(new UploadMultipartPartCommand({ ...vault(account, name), uploadId: id, range: 'bytes 0-3/*', body })),
  CompleteMultipartUpload: (account, name) =>
    client.send(
      new CompleteMultipartUploadCommand({
        ...vault(account, name),
        uploadId: id,
        archiveSize: '4',
        checksum: treeHash(body),
      }),
    ),
  AbortMultipartUpload: (account, name) =>
    client.send(new AbortMultipartUploadCommand({ ...vault(account, name), uploadId: id })),
  ListParts: (account, name) => client.send(new ListPartsCommand({ ...vault(account, name), uploadId: id })),
  ListMultipartUploads: (account, name) => client.send(new ListMultipartUploadsCommand(vault(account, name))),
  InitiateJob: (account, name) => client.send(new InitiateJobCommand({ ...vault(account, name), jobParameters })),
  DescribeJob: (account, name) => client.send(new DescribeJobCommand({ ...vault(account, name), jobId: id })),
  ListJobs: (account, name) => client.send(new ListJobsCommand(vault(account, name))),
  GetJobOutput: (account, name) => client.send(new GetJobOutputCommand({ ...vault(account, name), jobId: id })),
  InitiateVaultLock: (account, name) =>
    client.send(new InitiateVaultLockCommand({ ...vault(account, name), policy: { Policy: '{}' } })),
  GetVaultLock: (account, name) => client.send(new GetVaultLockCommand(vault(account, name))),
  AbortVaultLock: (account, name) => client.send(new AbortVaultLockCommand(vault(account, name))),
  CompleteVaultLock: (account, name) =>
    client.send(new CompleteVaultLockCommand({ ...vault(account, name), lockId: 'A'.repeat(24) })),
  SetDataRetrievalPolicy: (accountId) => client.send(new SetDataRetrievalPolicyCommand({ accountId })),
  GetDataRetrievalPolicy: (accountId) => client.send(new GetDataRetrievalPolicyCommand({ accountId })),
  PurchaseProvisionedCapacity: (accountId) => client.send(new PurchaseProvisionedCapacityCommand({ accountId })),
  ListProvisionedCapacity: (accountId) => client.send(new ListProvisionedCapacityCommand({ accountId })),
};

/** Those that are about the account, or do not mind that the vault is not there. */
const WITHOUT_A_VAULT = [
  'CreateVault',
  'ListVaults',
  'DeleteVault',
  'SetDataRetrievalPolicy',
  'GetDataRetrievalPolicy',
  'PurchaseProvisionedCapacity',
  'ListProvisionedCapacity',
];

test('there are 33 operations', () => {
  expect(Object.keys(calls)).toHaveLength(33);
});

describe.each(Object.entries(calls))('%s', (name, call) => {
  test.each([FOREIGN, 'abcmnoxyz', '11112222333', '1111-2222-3333', '+'])(
    'S-17 refuses the account %s',
    async (account) => {
      expect(await refusalOf(call(account))).toEqual({
        status: 403,
        code: 'AccessDeniedException',
        message: `Access denied for account ID: ${account}`,
      });
    },
  );

  if (!WITHOUT_A_VAULT.includes(name)) {
    test('refuses a vault that is not there', async () => {
      for (const account of ['-', ACCOUNT_ID]) {
        expect(await refusalOf(call(account, 'nowhere'))).toEqual(vaultNotFound('nowhere'));
      }
    });
  }
});

describe('an unknown path or method', () => {
  test.each([
    ['GET', '/'],
    ['GET', '/-'],
    ['GET', '/-/'],
    ['GET', '/-/vaults/'],
    ['GET', '/-/vault'],
    ['GET', '/-/Vaults'],
    ['POST', '/-/vaults'],
    ['POST', `/-/vaults/${vaultName}`],
    ['PATCH', `/-/vaults/${vaultName}`],
    ['PUT', `/-/vaults/${vaultName}/archives`],
    ['GET', `/-/vaults/${vaultName}/archives`],
    ['GET', `/-/vaults/${vaultName}/jobs/${id}/outputs`],
    ['GET', `/-/vaults/${vaultName}/jobs/${id}/output/more`],
    ['GET', '/-/priority-capacity'],
    ['GET', '/favicon.ico'],
  ])('%s %s is answered with 404 and a JSON error', async (method, path) => {
    const answer = await send(server, { method, path });
    expect(answer.status).toBe(404);
    expect(answer.header('Content-Type')).toBe('application/json');
    expect(answer.text).toMatch(/^\{"message":"[^"]+","code":"UnknownOperationException","type":"Client"\}$/);
  });
});

describe('the shape of answers', () => {
  const path = `/-/vaults/${vaultName}`;
  const successes: [string, RawRequest][] = [
    ['200', { method: 'GET', path }],
    ['200 of a list', { method: 'GET', path: '/-/vaults' }],
    ['201', { method: 'PUT', path }],
    ['404', { method: 'GET', path: `${path}x` }],
    ['400', { method: 'GET', path: '/-/vaults', query: { limit: 'x' } }],
    ['403', { method: 'GET', path: `/${FOREIGN}/vaults` }],
  ];

  test.each(successes)('%s has exactly this content type, a length and a request id', async (_, request) => {
    const answer = await send(server, request);
    expect(answer.headers[0]?.[0]).toBe('x-amzn-RequestId');
    expect(answer.header('x-amzn-RequestId')).toMatch(/^[A-Za-z0-9_-]{47}$/);
    expect(answer.header('Content-Type')).toBe('application/json');
    expect(answer.header('Content-Length')).toBe(String(answer.bytes.length));
    expect(answer.header('Transfer-Encoding')).toBeUndefined();
    expect(answer.header('x-amzn-errortype')).toBeUndefined();
    expect(Date.parse(answer.header('Date') ?? '')).toBeGreaterThan(Date.now() - 60_000);
    expect(answer.text.endsWith('\n')).toBe(false);
  });

  test('no two answers have the same request id', async () => {
    const answers = await Promise.all(Array.from({ length: 32 }, () => send(server, { method: 'GET', path })));
    expect(new Set(answers.map((answer) => answer.header('x-amzn-RequestId'))).size).toBe(32);
  });

  test('errors of the application begin with the code, those in front of it with the message', async () => {
    const [application, front] = await Promise.all([
      send(server, { method: 'GET', path: '/-/vaults/nowhere' }),
      send(server, { method: 'GET', path: '/abcmnoxyz/vaults' }),
    ]);
    expect(application?.text).toBe(
      `{"code":"ResourceNotFoundException","message":"${vaultNotFound('nowhere').message}","type":"Client"}`,
    );
    expect(front?.text).toBe(
      '{"message":"Access denied for account ID: abcmnoxyz","code":"AccessDeniedException","type":"Client"}',
    );
  });
});

describe('what clients send', () => {
  const path = `/-/vaults/${vaultName}`;
  const statusOf = async (request: RawRequest): Promise<number> => (await send(server, request)).status;
  const refused = ({ status, json }: RawAnswer) => ({ status, code: json.code, message: json.message });

  test('the version of the API is required', async () => {
    const none = await send(server, { method: 'GET', path, headers: { 'x-amz-glacier-version': undefined } });
    expect(refused(none)).toEqual(missing('API version'));
    const wrong = await send(server, { method: 'GET', path, headers: { 'x-amz-glacier-version': '2012-06-02' } });
    expect(refused(wrong)).toEqual({
      status: 400,
      code: 'InvalidParameterValueException',
      message: 'The API version is not valid: 2012-06-02',
    });
  });

  test.each(['glacier.us-east-1.amazonaws.com', 'localhost', '127.0.0.1', 'cold.example:8080', 'Glacier.Example'])(
    'the Host may be %s, whatever the address',
    async (host) => {
      expect(await statusOf({ method: 'GET', path, headers: { host } })).toBe(200);
    },
  );

  test('more headers may be signed, and blanks in them count once', async () => {
    const headers = {
      accept: 'application/json',
      'content-type': 'application/x-amz-json-1.1',
      'user-agent': 'aws-sdk  with   blanks',
      'x-amz-user-agent': 'a  b',
      'amz-sdk-invocation-id': '5',
    };
    expect(await statusOf({ method: 'GET', path, headers })).toBe(200);
  });

  test('the hash of the body need not be sent where there is nothing to hash', async () => {
    expect(await statusOf({ method: 'GET', path, headers: { 'x-amz-content-sha256': undefined } })).toBe(200);
    expect(await statusOf({ method: 'PUT', path, headers: { 'x-amz-content-sha256': undefined } })).toBe(201);
  });

  test('a body where none is asked for is ignored, once its hash is right', async () => {
    expect(await statusOf({ method: 'PUT', path, body: '{"some":"thing"}' })).toBe(201);
    const wrong = await send(server, { method: 'PUT', path, headers: { 'x-amz-content-sha256': sha256('x') }, body });
    expect([wrong.status, wrong.json.code]).toEqual([403, 'InvalidSignatureException']);
  });

  test.each(['UNSIGNED-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'])(
    'the payload mode %s is refused',
    async (mode) => {
      const headers = { 'x-amz-content-sha256': mode };
      const answer = await sendUpload(server, { method: 'POST', path: `${path}/archives`, headers, body });
      expect([answer.status, answer.json.type]).toEqual([400, 'Client']);
    },
  );
});
