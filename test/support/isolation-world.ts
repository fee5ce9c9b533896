import type { Target } from './clients.ts';
import { MIB, sha256, treeHash } from './hashes.ts';
import { type RawAnswer, type RawRequest, send } from './raw-client.ts';
import { REGION } from './server.ts';
import { until } from './wire.ts';

/** A vault in which every kind of thing exists, for the isolation matrix. */
export interface World {
  vaultName: string;
  vaultArn: string;
  archiveId: string;
  uploadId: string;
  jobId: string;
  /** Empty without a lock. */
  lockId: string;
}

/** The one part of the open upload. */
export const PART = Buffer.alloc(MIB, 'part');
const ARCHIVE = Buffer.from('archive of the world');
let worldsMade = 0;

/** A policy of one statement about a vault. */
export const vaultPolicy = (vaultArn: string, statement: object): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Principal: '*', Resource: vaultArn, ...statement }] });

/** A policy that refuses nobody anything that the matrix asks for. */
export const harmlessPolicy = (vaultArn: string): string =>
  vaultPolicy(vaultArn, { Effect: 'Deny', Action: 'glacier:DeleteVault', Condition: NEVER });
const NEVER = { StringEquals: { 'aws:UserAgent': 'nobody uses this' } };

/** Makes a world in the account of the caller. `lockPolicy` is that of a lock in progress; null for no lock. */
export async function newWorld(
  root: Target,
  { accountId, lockPolicy = harmlessPolicy }: { accountId: string; lockPolicy?: ((vaultArn: string) => string) | null },
): Promise<World> {
  worldsMade += 1;
  const vaultName = `world-${worldsMade}`;
  const vaultArn = `arn:aws:glacier:${REGION}:${accountId}:vaults/${vaultName}`;
  const path = `/-/vaults/${vaultName}`;
  const made = async (asked: RawRequest): Promise<RawAnswer> => {
    const answer = await send(root, asked);
    if (answer.status >= 300) throw new Error(`${asked.method} ${asked.path}: ${answer.status} ${answer.text}`);
    return answer;
  };
  const post = (rest: string, body: object, query = {}) =>
    made({ method: 'POST', path: `${path}${rest}`, body: JSON.stringify(body), query });
  await made({ method: 'PUT', path });
  const hashed = (bytes: Buffer) => ({ headers: { 'x-amz-sha256-tree-hash': treeHash(bytes) }, body: bytes });
  const uploaded = await made({ method: 'POST', path: `${path}/archives`, ...hashed(ARCHIVE) });
  const archiveId = uploaded.header('x-amz-archive-id') ?? '';
  const opened = await made({
    method: 'POST',
    path: `${path}/multipart-uploads`,
    headers: { 'x-amz-part-size': `${MIB}` },
  });
  const uploadId = opened.header('x-amz-multipart-upload-id') ?? '';
  const range = { 'x-amz-sha256-tree-hash': sha256(PART), 'content-range': `bytes 0-${MIB - 1}/*` };
  await made({ method: 'PUT', path: `${path}/multipart-uploads/${uploadId}`, headers: range, body: PART });
  const started = await post('/jobs', { Type: 'archive-retrieval', ArchiveId: archiveId });
  const jobId = started.header('x-amz-job-id') ?? '';
  const described = async () => (await made({ method: 'GET', path: `${path}/jobs/${jobId}` })).json;
  await until(async () => (await described()).Completed);
  await post('/tags', { Tags: { kept: 'tag' } }, { operation: 'add' });
  const notifications = { SNSTopic: `arn:aws:sns:${REGION}:${accountId}:t`, Events: ['ArchiveRetrievalCompleted'] };
  await made({ method: 'PUT', path: `${path}/notification-configuration`, body: JSON.stringify(notifications) });
  await setAccessPolicy(root, { path, policy: harmlessPolicy(vaultArn) });
  const lock = lockPolicy === null ? undefined : await post('/lock-policy', { Policy: lockPolicy(vaultArn) });
  return { vaultName, vaultArn, archiveId, uploadId, jobId, lockId: lock?.header('x-amz-lock-id') ?? '' };
}

export async function setAccessPolicy(root: Target, { path, policy }: { path: string; policy: string }): Promise<void> {
  const body = JSON.stringify({ Policy: policy });
  const answer = await send(root, { method: 'PUT', path: `${path}/access-policy`, body });
  if (answer.status !== 204) throw new Error(`the access policy was refused: ${answer.text}`);
}

/** Everything of a vault and its account that the owner can see, as text: what a refused request must leave as it was. */
export async function everythingOf(root: Target, { vaultName, uploadId }: World): Promise<string> {
  const vault = `/-/vaults/${vaultName}`;
  const views = ['', '/jobs', '/tags', '/notification-configuration', '/access-policy', '/lock-policy'];
  const paths = [
    ...views.map((view) => `${vault}${view}`),
    `${vault}/multipart-uploads`,
    `${vault}/multipart-uploads/${uploadId}`,
    '/-/policies/data-retrieval',
    '/-/provisioned-capacity',
  ];
  const answers = await Promise.all(paths.map((path) => send(root, { method: 'GET', path })));
  return answers.map(({ status, text }, index) => `${paths[index]} ${status} ${text}`).join('\n');
}
