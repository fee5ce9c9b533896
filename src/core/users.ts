import type { NamedPolicy } from '../metadata/users.ts';
import { newUserId } from '../model/access-keys.ts';
import { AdminError } from '../model/errors.ts';
import { isIamName, type User, type UserName, userArn } from '../model/identities.ts';
import { limits } from '../model/limits.ts';
import { compilePolicy } from '../policy/compile.ts';
import { noAccount } from './accounts.ts';
import type { Arrangement } from './arrangement.ts';
import type { KeyRing } from './key-ring.ts';

/** A user of an account, in the words of the admin interface, and one of its policies. */
export interface UserPolicyName {
  accountId: string;
  user: string;
  name: string;
}

/** The users of accounts and their identity policies, for operators. Every method throws AdminError for what cannot be done. */
export class Users {
  readonly #given: Arrangement;
  readonly #keyRing: KeyRing;

  constructor(given: Arrangement, keyRing: KeyRing) {
    this.#given = given;
    this.#keyRing = keyRing;
  }

  /**
   * Makes a user, who may do nothing yet. Refused while a vault's policy names the ARN and a deleted user had it: the policy
   * may mean that one, and whoever set it must say that the new one is meant.
   */
  async create({ accountId, name }: UserName): Promise<User> {
    checkName('user', name);
    const { metadata, clock } = this.#given;
    const user = { accountId, name, id: newUserId(), createdAtMs: clock.nowMs() };
    const arn = userArn(user);
    const outcome = await metadata.users.create({ user, usersMax: limits.usersPerAccountMax, arn });
    if (outcome === 'created') return toUser(user);
    if (outcome === 'no account') throw noAccount(accountId);
    if (outcome === 'exists') {
      throw new AdminError(`there is a user ${name} in the account ${accountId} already (case does not count)`);
    }
    if (outcome === 'full') {
      throw new AdminError(`the account ${accountId} has ${limits.usersPerAccountMax} users, which is the limit`);
    }
    throw new AdminError(
      `a policy of the vault ${outcome.vaultName} of the account ${outcome.accountId} names ${arn}, which an earlier ` +
        'user had; take that out of the policy first, or choose another name',
    );
  }

  /** The users of an account, by name. */
  async list({ accountId }: { accountId: string }): Promise<User[]> {
    const { metadata } = this.#given;
    if ((await metadata.accounts.find(accountId)) === undefined) throw noAccount(accountId);
    return (await metadata.users.list(accountId)).map(toUser);
  }

  /** Deletes a user, with its keys and policies. */
  async delete(user: UserName): Promise<void> {
    const found = await this.#given.metadata.users.delete(user);
    this.#keyRing.clear();
    if (!found) throw noUser(user);
  }

  /** Gives a user a policy in place of the one of the same name. GlacierError for a document that cannot be enforced. */
  async attachPolicy({ document, ...named }: UserPolicyName & { document: string }): Promise<void> {
    const { accountId, user, name } = named;
    checkName('policy', name);
    compilePolicy(document, { kind: 'identity' });
    const policiesMax = limits.identityPoliciesPerUserMax;
    const policy = { name, document, attachedAtMs: this.#given.clock.nowMs() };
    const owner = { accountId, name: user };
    const outcome = await this.#given.metadata.users.attachPolicy({ user: owner, policy, policiesMax });
    this.#keyRing.clear();
    if (outcome === 'no user') throw noUser(owner);
    if (outcome === 'full') throw new AdminError(`the user ${user} has ${policiesMax} policies, which is the limit`);
  }

  async detachPolicy({ accountId, user, name }: UserPolicyName): Promise<void> {
    const owner = { accountId, name: user };
    const outcome = await this.#given.metadata.users.detachPolicy({ user: owner, name });
    this.#keyRing.clear();
    if (outcome === 'no user') throw noUser(owner);
    if (outcome === 'no policy') throw new AdminError(`the user ${user} has no policy ${name}`);
  }

  /** The policies of a user, by name. */
  async listPolicies({ accountId, user }: { accountId: string; user: string }): Promise<NamedPolicy[]> {
    const owner = { accountId, name: user };
    const policies = await this.#given.metadata.users.policies(owner);
    if (policies === undefined) throw noUser(owner);
    return policies;
  }
}

function checkName(what: 'user' | 'policy', name: string): void {
  if (isIamName(name)) return;
  throw new AdminError(
    `the name of a ${what} has 1 to ${limits.iamNameLengthMax} characters out of a-z, A-Z, 0-9 and "+=,.@_-", ` +
      `unlike ${JSON.stringify(name)}`,
  );
}

export const noUser = ({ accountId, name }: UserName): AdminError =>
  new AdminError(`there is no user ${name} in the account ${accountId}`);

const toUser = ({ accountId, name, id, createdAtMs }: UserName & { id: string; createdAtMs: number }): User => ({
  accountId,
  name,
  userId: id,
  arn: userArn({ accountId, name }),
  createdAtMs,
});
