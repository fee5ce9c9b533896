/**
 * The 33 operations as actions, with what the permissions reference of the Glacier developer guide says of each: what it
 * acts on, whether a vault's own policies can speak of it, and which condition keys a request for it carries. The pages of
 * the operations add that some answer the owning account only, whatever a policy grants to others. One action of S3 is
 * among them: whoever starts a select job must be allowed to write where its results go.
 */
export const SERVICE = 'glacier';
export const OBJECT_SERVICE = 's3';

/** Condition keys that only some actions carry; every other key is the same for all. */
export type CarriedKey = 'archive-age' | 'resource-tag' | 'request-tag' | 'tag-keys';

export interface Action {
  on: 'vault' | 'vaults' | 'retrieval-policy' | 'capacity' | 'object';
  /** May be named in an access policy or a lock policy; the others can be granted to identities only. */
  inVaultPolicies: boolean;
  /** Refused to callers of another account. */
  ownAccountOnly: boolean;
  carries: readonly CarriedKey[];
}

const onVault = (...carries: CarriedKey[]): Action => ({
  on: 'vault',
  inVaultPolicies: true,
  ownAccountOnly: false,
  carries,
});
const ownVault = (...carries: CarriedKey[]): Action => ({ ...onVault(...carries), ownAccountOnly: true });
const account = (on: Action['on'], inVaultPolicies: boolean): Action => ({
  on,
  inVaultPolicies,
  ownAccountOnly: true,
  carries: [],
});

export const ACTIONS = {
  AbortMultipartUpload: onVault(),
  AbortVaultLock: ownVault(),
  AddTagsToVault: ownVault('resource-tag', 'request-tag', 'tag-keys'),
  CompleteMultipartUpload: onVault('resource-tag'),
  CompleteVaultLock: ownVault('resource-tag'),
  CreateVault: account('vault', false),
  DeleteArchive: onVault('archive-age', 'resource-tag'),
  DeleteVault: onVault('resource-tag'),
  DeleteVaultAccessPolicy: onVault('resource-tag'),
  DeleteVaultNotifications: onVault('resource-tag'),
  DescribeJob: onVault(),
  DescribeVault: onVault(),
  GetDataRetrievalPolicy: account('retrieval-policy', false),
  GetJobOutput: onVault(),
  GetVaultAccessPolicy: onVault(),
  GetVaultLock: ownVault(),
  GetVaultNotifications: onVault(),
  InitiateJob: onVault('archive-age', 'resource-tag'),
  InitiateMultipartUpload: onVault('resource-tag'),
  InitiateVaultLock: ownVault('resource-tag'),
  ListJobs: onVault(),
  ListMultipartUploads: onVault(),
  ListParts: onVault(),
  ListProvisionedCapacity: account('capacity', true),
  ListTagsForVault: ownVault(),
  ListVaults: account('vaults', true),
  PurchaseProvisionedCapacity: account('capacity', true),
  PutObject: account('object', false),
  RemoveTagsFromVault: ownVault('resource-tag', 'tag-keys'),
  SetDataRetrievalPolicy: account('retrieval-policy', false),
  SetVaultAccessPolicy: onVault('resource-tag'),
  SetVaultNotifications: onVault('resource-tag'),
  UploadArchive: onVault('resource-tag'),
  UploadMultipartPart: onVault('resource-tag'),
} as const satisfies Record<string, Action>;

/** The name of an action after that of its service: of ours, that of an operation. */
export type ActionName = keyof typeof ACTIONS;
export type OperationName = Exclude<ActionName, 'PutObject'>;

export const ACTION_NAMES = Object.keys(ACTIONS) as readonly ActionName[];

export const isActionName = (name: string): name is ActionName => Object.hasOwn(ACTIONS, name);

export const actionNamed = (name: ActionName): Action => ACTIONS[name];

/** `glacier:InitiateJob`, as policies and messages have it. */
export const fullNameOf = (name: ActionName): string =>
  `${ACTIONS[name].on === 'object' ? OBJECT_SERVICE : SERVICE}:${name}`;

/** Where an operation is asked for. */
export interface Place {
  region: string;
  /** The account that owns what the request names. */
  accountId: string;
  /** For the operations on one vault. */
  vaultName?: string;
  /** For what is done to an object: its bucket and its key. */
  object?: ObjectName;
}

export interface ObjectName {
  bucketName: string;
  key: string;
}

/** The ARN of a vault. */
export const vaultArn = ({ region, accountId, vaultName }: Place & { vaultName: string }): string =>
  `arn:aws:${SERVICE}:${region}:${accountId}:vaults/${vaultName}`;

/**
 * The ARN that a request for an action is decided on. ListVaults has no vault; its ARN is one that both `*` and the
 * `vaults/*` of the guide's examples cover.
 */
export function resourceArn(name: ActionName, { region, accountId, vaultName = '', object }: Place): string {
  const account = `arn:aws:${SERVICE}:${region}:${accountId}:`;
  switch (ACTIONS[name].on) {
    case 'vault':
      return vaultArn({ region, accountId, vaultName });
    case 'vaults':
      return `${account}vaults/`;
    case 'retrieval-policy':
      return `${account}policies/retrieval-limit-policy`;
    case 'capacity':
      return `${account}provisioned-capacity`;
    case 'object':
      return `arn:aws:${OBJECT_SERVICE}:::${object?.bucketName ?? ''}/${object?.key ?? ''}`;
  }
}
