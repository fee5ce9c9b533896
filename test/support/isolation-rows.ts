import { sha256, treeHash } from './hashes.ts';
import { harmlessPolicy, PART, type World } from './isolation-world.ts';
import type { RawRequest } from './raw-client.ts';

/** One operation of the matrix. */
export interface Row {
  /** Its name, where the row's is another: some operations have requests that are decided in a way of their own. */
  operation?: string;
  /** How it answers whoever may use it, in a world where everything exists. */
  status: number;
  /** Whether it is about one vault or about an account. */
  on: 'vault' | 'account';
  /** In the path, beside the vault; a foreign one must be as unknown as one that never was. */
  names?: 'archiveId' | 'uploadId' | 'jobId' | 'lockId';
  /** It needs a vault without a lock. */
  unlocked?: true;
  /** Whether a vault's own policies can speak of it. */
  inVaultPolicies: boolean;
  /** Whether a vault's policy can let another account use it. */
  shareable: boolean;
  /** Without the account, which stands in front of the path. */
  request(world: World): RawRequest;
}

const ARCHIVE = Buffer.from('archive');
const vault = ({ vaultName }: World, rest = '') => `/vaults/${vaultName}${rest}`;
const json = (method: string, path: string, body: object, query: Record<string, string> = {}): RawRequest => ({
  method,
  path,
  query,
  body: JSON.stringify(body),
});
/** On a vault, open to other accounts once its policy says so. */
const shared = (status: number, request: Row['request'], more: Partial<Row> = {}): Row => ({
  status,
  on: 'vault',
  inVaultPolicies: true,
  shareable: true,
  request,
  ...more,
});
/** On a vault, for its own account only. */
const own = (status: number, request: Row['request'], more: Partial<Row> = {}): Row =>
  shared(status, request, { shareable: false, ...more });
const account = (status: number, request: Row['request']): Row =>
  own(status, request, { on: 'account', inVaultPolicies: false });

/** Select jobs, which must also be allowed to write where their results go. */
export const SELECT_ROWS: Readonly<Record<string, Row>> = {
  'InitiateJob of a select job': own(
    202,
    (world) =>
      json('POST', vault(world, '/jobs'), {
        Type: 'select',
        ArchiveId: world.archiveId,
        SelectParameters: { Expression: 'SELECT * FROM archive', ExpressionType: 'SQL' },
        OutputLocation: { S3: { BucketName: 'results', Prefix: world.vaultName } },
      }),
    { operation: 'InitiateJob' },
  ),
};

/** Every operation of the API, by its name. */
export const ISOLATION_ROWS: Readonly<Record<string, Row>> = {
  CreateVault: own(201, (world) => ({ method: 'PUT', path: vault(world) }), { inVaultPolicies: false }),
  DescribeVault: shared(200, (world) => ({ method: 'GET', path: vault(world) })),
  ListVaults: account(200, () => ({ method: 'GET', path: '/vaults' })),
  DeleteVault: shared(400, (world) => ({ method: 'DELETE', path: vault(world) })),
  AddTagsToVault: own(204, (world) => json('POST', vault(world, '/tags'), { Tags: { a: 'b' } }, { operation: 'add' })),
  RemoveTagsFromVault: own(204, (world) =>
    json('POST', vault(world, '/tags'), { TagKeys: ['a'] }, { operation: 'remove' }),
  ),
  ListTagsForVault: own(200, (world) => ({ method: 'GET', path: vault(world, '/tags') })),
  SetVaultNotifications: shared(204, (world) =>
    json('PUT', vault(world, '/notification-configuration'), {
      SNSTopic: 'arn:aws:sns:us-east-1:111122223333:topic',
      Events: ['ArchiveRetrievalCompleted'],
    }),
  ),
  GetVaultNotifications: shared(200, (world) => ({ method: 'GET', path: vault(world, '/notification-configuration') })),
  DeleteVaultNotifications: shared(204, (world) => ({
    method: 'DELETE',
    path: vault(world, '/notification-configuration'),
  })),
  SetVaultAccessPolicy: shared(204, (world) =>
    json('PUT', vault(world, '/access-policy'), { Policy: harmlessPolicy(world.vaultArn) }),
  ),
  GetVaultAccessPolicy: shared(200, (world) => ({ method: 'GET', path: vault(world, '/access-policy') })),
  DeleteVaultAccessPolicy: shared(204, (world) => ({ method: 'DELETE', path: vault(world, '/access-policy') })),
  InitiateVaultLock: own(
    201,
    (world) => json('POST', vault(world, '/lock-policy'), { Policy: harmlessPolicy(world.vaultArn) }),
    {
      unlocked: true,
    },
  ),
  GetVaultLock: own(200, (world) => ({ method: 'GET', path: vault(world, '/lock-policy') })),
  AbortVaultLock: own(204, (world) => ({ method: 'DELETE', path: vault(world, '/lock-policy') })),
  CompleteVaultLock: own(204, (world) => ({ method: 'POST', path: vault(world, `/lock-policy/${world.lockId}`) }), {
    names: 'lockId',
  }),
  UploadArchive: shared(201, (world) => ({
    method: 'POST',
    path: vault(world, '/archives'),
    headers: { 'x-amz-sha256-tree-hash': treeHash(ARCHIVE) },
    body: ARCHIVE,
  })),
  DeleteArchive: shared(204, (world) => ({ method: 'DELETE', path: vault(world, `/archives/${world.archiveId}`) }), {
    names: 'archiveId',
  }),
  InitiateMultipartUpload: shared(201, (world) => ({
    method: 'POST',
    path: vault(world, '/multipart-uploads'),
    headers: { 'x-amz-part-size': '1048576' },
  })),
  UploadMultipartPart: shared(
    204,
    (world) => ({
      method: 'PUT',
      path: vault(world, `/multipart-uploads/${world.uploadId}`),
      headers: { 'x-amz-sha256-tree-hash': sha256(PART), 'content-range': `bytes 0-${PART.length - 1}/*` },
      body: PART,
    }),
    { names: 'uploadId' },
  ),
  CompleteMultipartUpload: shared(
    201,
    (world) => ({
      method: 'POST',
      path: vault(world, `/multipart-uploads/${world.uploadId}`),
      headers: { 'x-amz-sha256-tree-hash': sha256(PART), 'x-amz-archive-size': String(PART.length) },
    }),
    { names: 'uploadId' },
  ),
  AbortMultipartUpload: shared(
    204,
    (world) => ({ method: 'DELETE', path: vault(world, `/multipart-uploads/${world.uploadId}`) }),
    { names: 'uploadId' },
  ),
  ListParts: shared(200, (world) => ({ method: 'GET', path: vault(world, `/multipart-uploads/${world.uploadId}`) }), {
    names: 'uploadId',
  }),
  ListMultipartUploads: shared(200, (world) => ({ method: 'GET', path: vault(world, '/multipart-uploads') })),
  InitiateJob: shared(202, (world) =>
    json('POST', vault(world, '/jobs'), { Type: 'archive-retrieval', ArchiveId: world.archiveId }),
  ),
  DescribeJob: shared(200, (world) => ({ method: 'GET', path: vault(world, `/jobs/${world.jobId}`) }), {
    names: 'jobId',
  }),
  ListJobs: shared(200, (world) => ({ method: 'GET', path: vault(world, '/jobs') })),
  GetJobOutput: shared(200, (world) => ({ method: 'GET', path: vault(world, `/jobs/${world.jobId}/output`) }), {
    names: 'jobId',
  }),
  SetDataRetrievalPolicy: account(204, () =>
    json('PUT', '/policies/data-retrieval', { Policy: { Rules: [{ Strategy: 'None' }] } }),
  ),
  GetDataRetrievalPolicy: account(200, () => ({ method: 'GET', path: '/policies/data-retrieval' })),
  PurchaseProvisionedCapacity: account(201, () => ({ method: 'POST', path: '/provisioned-capacity' })),
  ListProvisionedCapacity: account(200, () => ({ method: 'GET', path: '/provisioned-capacity' })),
};
