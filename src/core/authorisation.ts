import type { VaultPolicies } from '../metadata/vault-policies.ts';
import { GlacierError } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { bindingLock } from '../model/vault-locks.ts';
import { isVaultName, type VaultName } from '../model/vaults.ts';
import {
  type ActionName,
  actionNamed,
  type CarriedKey,
  fullNameOf,
  type ObjectName,
  type OperationName,
  resourceArn,
} from '../policy/actions.ts';
import { PolicyCache } from '../policy/cache.ts';
import { type CompiledPolicy, unreadablePolicy } from '../policy/compile.ts';
import { type RequestFacts, requestContext, type Tags } from '../policy/context.ts';
import { type Decision, evaluate, type Policies } from '../policy/evaluate.ts';
import type { PolicyOwner } from '../policy/statement.ts';
import type { Arrangement } from './arrangement.ts';
import type { Caller } from './callers.ts';

/** How a request reached the server. */
export type Circumstances = Pick<RequestFacts, 'secureTransport' | 'sourceIp' | 'userAgent' | 'referer'>;

/** What a request speaks of beside its vault, as far as policies can ask about it. */
export interface Subject {
  archiveId?: string;
  requestTags?: Tags;
  tagKeys?: readonly string[];
}

/** Something that a caller wants to do. */
export interface Wish {
  action: ActionName;
  caller: Caller;
  /** The account that owns what is asked for. */
  accountId: string;
  /** For what is done to one vault; it need not exist, and need not be a name that a vault can have. */
  vaultName: string | undefined;
  /** For what is done to one object of a bucket. */
  object?: ObjectName;
  circumstances: Circumstances;
  subject: Subject;
}

/** Who asks for something, and how it came. */
export type Asker = Pick<Wish, 'caller' | 'circumstances'>;

/** A vault as far as its policies are concerned. */
interface VaultInQuestion {
  key: number;
  /** Its lock is not as it was recorded. */
  sealed: boolean;
  policies: Pick<Policies, 'access' | 'lock'>;
}

/**
 * The one place where it is decided whether somebody may do something, for every entrance. It looks nothing up that the
 * policies do not ask for, and reads policies, tags and locks afresh each time, so that what was changed counts at once.
 */
export class Authorisation {
  readonly #given: Arrangement;
  readonly #policies = new PolicyCache();

  constructor(given: Arrangement) {
    this.#given = given;
  }

  /** Throws AccessDeniedException unless the caller may. A caller of another account learns nothing from its text. */
  async require(wish: Wish): Promise<void> {
    const decision = await this.decide(wish);
    if (!decision.allowed) throw this.#refusal(wish, decision);
  }

  async decide(wish: Wish): Promise<Decision> {
    const { action, caller, accountId } = wish;
    const identity = this.#read(caller.identityPolicies);
    const vault = isOutOfReach(wish, identity) ? undefined : await this.#vaultOf(wish);
    const policies: Policies = {
      identity,
      session: this.#read(caller.sessionPolicies),
      ...vault?.policies,
    };
    const facts: RequestFacts = {
      action,
      principal: caller.principal,
      resourceAccountId: accountId,
      region: this.#given.region,
      nowMs: this.#given.retention.policyTimeMs(),
      ...(caller.token === undefined ? {} : { token: caller.token }),
      ...wish.circumstances,
      ...(await this.#carried(wish, vault, policies)),
    };
    const { principal, resourceAccountId } = facts;
    const resource = this.#resourceOf(wish);
    const context = requestContext(facts);
    const decision = evaluate({ action, resource, principal, resourceAccountId, context }, policies);
    return decision.allowed && vault?.sealed && !READS.has(action) ? SEALED : decision;
  }

  #resourceOf({ action, accountId, vaultName, object }: Wish): string {
    const { region } = this.#given;
    if (object !== undefined) return resourceArn(action, { region, accountId, object });
    if (vaultName === undefined) return resourceArn(action, { region, accountId });
    return resourceArn(action, { region, accountId, vaultName: vaultName.slice(0, NAME_JUDGED_MAX) });
  }

  async #vaultOf(wish: Wish): Promise<VaultInQuestion | undefined> {
    const { action, accountId, vaultName } = wish;
    if (vaultName === undefined || !isVaultName(vaultName) || !actionNamed(action).inVaultPolicies) return undefined;
    const found = await this.#given.metadata.vaultPolicies.find({ accountId, name: vaultName });
    if (found === undefined) return undefined;
    const { key, access } = found;
    const vaultArn = this.#resourceOf(wish);
    const { sealed, document } = await this.#lockOf({ accountId, name: vaultName }, found);
    const policies: VaultInQuestion['policies'] = {
      access: access === null ? undefined : this.#compile(access, { kind: 'access', vaultArn }),
      lock: document === undefined ? undefined : this.#compile(document, { kind: 'lock', vaultArn }),
    };
    return { key, sealed, policies };
  }

  /** The lock policy that binds; of a sealed vault the one that was recorded, if it can still be read. */
  async #lockOf(
    vault: VaultName,
    { createdAtMs, lock }: VaultPolicies,
  ): Promise<{ sealed: boolean; document?: string }> {
    const { lockBook, retention } = this.#given;
    const identity = { ...vault, createdAtMs };
    const comparison = lockBook.compare(identity, lock ?? undefined);
    const sealed = comparison.kind === 'sealed';
    const record = sealed ? lockBook.sealingRecordOf(identity) : undefined;
    const recorded = record?.sound ? (await lockBook.textOf(record))?.lock?.document : undefined;
    const document = recorded ?? bindingLock(comparison, retention.nowMs())?.document;
    return { sealed, ...(document === undefined ? {} : { document }) };
  }

  #read(documents: readonly string[]): CompiledPolicy[] {
    return documents.map((document) => this.#compile(document, { kind: 'identity' }));
  }

  /** A document was read when it was set. One that cannot be read any more denies everything. */
  #compile(document: string, owner: PolicyOwner): CompiledPolicy {
    try {
      return this.#policies.compile(document, owner);
    } catch (error) {
      if (error instanceof GlacierError) return unreadablePolicy(owner.kind);
      throw error;
    }
  }

  /** The facts that have to be fetched, if a policy asks for them. */
  async #carried(
    { accountId, subject }: Wish,
    vault: VaultInQuestion | undefined,
    { identity, session = [], access, lock }: Policies,
  ): Promise<Pick<RequestFacts, 'archiveAgeInDays' | 'resourceTags' | 'requestTags' | 'tagKeys'>> {
    const { archiveId, ...told } = subject;
    const all = [...identity, ...session, access, lock];
    const asked = (key: CarriedKey) => all.some((policy) => policy?.carried.has(key));
    if (vault === undefined) return told;
    const { metadata } = this.#given;
    const resourceTags = asked('resource-tag') ? await metadata.vaultPolicies.tags(vault.key) : undefined;
    const archive =
      archiveId !== undefined && asked('archive-age')
        ? await metadata.archives.find({ accountId, id: archiveId })
        : undefined;
    const archiveAgeInDays =
      archive?.vaultKey === vault.key ? this.#given.retention.ageInDays(archive.createdAtMs) : undefined;
    return {
      ...told,
      ...(resourceTags && { resourceTags }),
      ...(archiveAgeInDays === undefined ? {} : { archiveAgeInDays }),
    };
  }

  #refusal(wish: Wish, decision: Decision): GlacierError {
    const { reason, statement } = decision;
    const { action, caller, accountId } = wish;
    if (caller.accountId !== accountId) return accountDenied(accountId);
    const why =
      decision === SEALED
        ? 'because the vault is sealed: its lock is not as it was recorded, and an operator has to repair it'
        : reason === 'explicit-deny'
          ? `with an explicit deny in ${POLICY_NAMES[statement?.policy ?? 'identity']}`
          : `${NOT_ALLOWED[caller.sessionPolicies.length > 0 ? 'session' : 'principal']} the ${fullNameOf(action)} action`;
    return new GlacierError(
      'AccessDeniedException',
      `User: ${caller.principal.arn} is not authorized to perform: ${fullNameOf(action)} ` +
        `on resource: ${this.#resourceOf(wish)} ${why}`,
    );
  }
}

/** Of a name that is longer than that of any vault no more is compared with patterns, which would cost its length. */
const NAME_JUDGED_MAX = limits.vaultNameLengthMax + 1;
/**
 * Whether a caller of another account may not whatever the vault's policies say. Then these are not looked at, so that how
 * long the answer takes tells nothing of them, nor whether there is a vault.
 */
function isOutOfReach({ action, caller, accountId }: Wish, identity: readonly CompiledPolicy[]): boolean {
  if (caller.accountId === accountId) return false;
  if (actionNamed(action).ownAccountOnly) return true;
  return caller.principal.type !== 'root' && !identity.some(({ allows }) => allows.has(action));
}

/** What goes on in a sealed vault: nothing that changes it. */
const READS: ReadonlySet<ActionName> = new Set<OperationName>([
  ...(['DescribeJob', 'DescribeVault', 'GetJobOutput', 'GetVaultAccessPolicy', 'GetVaultLock'] as const),
  ...(['GetVaultNotifications', 'InitiateJob', 'ListJobs', 'ListMultipartUploads', 'ListParts'] as const),
  'ListTagsForVault',
]);

const SEALED: Decision = { allowed: false, reason: 'explicit-deny', statement: { policy: 'lock', number: 0 } };

/** A session is allowed what its own policy and those of its principal both allow. */
const NOT_ALLOWED = {
  principal: 'because no policy allows',
  session: 'because the session policy and those of its principal do not both allow',
};

const POLICY_NAMES = {
  identity: 'an identity-based policy',
  session: 'a session policy',
  access: 'the access policy of the vault',
  lock: 'the vault lock policy',
};

/** What callers hear of accounts that are not theirs, whether these exist or not. */
export const accountDenied = (accountId: string | undefined): GlacierError =>
  new GlacierError('AccessDeniedException', `Access denied for account ID: ${accountId}`);
