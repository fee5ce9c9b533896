import { type ActionName, actionNamed, isActionName } from './actions.ts';
import type { CompiledPolicy } from './compile.ts';
import type { Context, Principal } from './context.ts';
import { ACCOUNT_ID, BY_ACCOUNT, ITSELF, type Naming, UNNAMED } from './principals.ts';
import type { Statement } from './statement.ts';
import { type Subject, subjectOf } from './subject.ts';
import { MAYBE, NO, type Truth, YES } from './truth.ts';
import { type Values, valuesOf } from './values.ts';

/**
 * The decision. An explicit deny in any policy wins, whoever asks: the root of the owning account too. Otherwise, within
 * one account, either the principal's own policies or the vault's must allow; its root needs neither. Across accounts both
 * must: the principal's own account (whose root may do anything there) and the vault. What cannot be evaluated counts for
 * a Deny and not for an Allow. Source: "Policy evaluation logic" of the IAM user guide.
 */
export interface Request {
  action: ActionName;
  /** The ARN of what the action is asked on; `resourceArn` gives it. */
  resource: string;
  principal: Principal;
  /** The account that owns the resource. */
  resourceAccountId: string;
  context: Context;
}

export interface Policies {
  /** Those attached to the principal. */
  identity: readonly CompiledPolicy[];
  /** Identity policies that came with the key or session: each must allow as well, so they can only narrow. */
  session?: readonly CompiledPolicy[];
  /** Those of the vault, if it has any. */
  access?: CompiledPolicy | undefined;
  lock?: CompiledPolicy | undefined;
}

export interface Decision {
  allowed: boolean;
  reason: 'explicit-deny' | 'no-allow' | 'allow';
  /** The statement that decided; absent for an allowance of root and where nothing allowed. */
  statement?: {
    policy: 'identity' | 'session' | 'access' | 'lock';
    /** From 1, as the author counts; 0 for a document that could not be read. */
    number: number;
    sid?: string;
    /** It could not be evaluated, so it was taken for a match. */
    undecided?: boolean;
  };
}

type Role = NonNullable<Decision['statement']>['policy'];
type Asked = Request & { arn: Subject; values: Values };

const NOTHING_ALLOWS: Decision = Object.freeze({ allowed: false, reason: 'no-allow' });
const ROOT_MAY: Decision = Object.freeze({ allowed: true, reason: 'allow' });

/** Decides a request. Never throws for what a request or a policy holds. */
export function evaluate(request: Request, { identity, session = [], access, lock }: Policies): Decision {
  const { action, principal, resourceAccountId } = request;
  if (!isActionName(action) || !ACCOUNT_ID.test(principal.accountId)) return NOTHING_ALLOWS;
  const asked: Asked = { ...request, arn: subjectOf(request.resource), values: valuesOf(request.context) };
  const vaults = [
    ['lock', lock],
    ['access', access],
  ] as const;
  const denied = denial(asked, vaults) ?? denialBy(asked, 'session', session) ?? denialBy(asked, 'identity', identity);
  if (denied !== undefined) return denied;
  if (!session.every((policy) => allowance(asked, 'session', policy) !== undefined)) return NOTHING_ALLOWS;
  const own = ownAllowance(asked, identity);
  if (principal.accountId !== resourceAccountId) {
    if (own === undefined || actionNamed(action).ownAccountOnly) return NOTHING_ALLOWS;
    return vaultAllowance(asked, vaults, BY_ACCOUNT) ?? NOTHING_ALLOWS;
  }
  return own ?? vaultAllowance(asked, vaults, ITSELF) ?? NOTHING_ALLOWS;
}

type Vaults = readonly (readonly [Role, CompiledPolicy | undefined])[];

function denial(asked: Asked, policies: Vaults): Decision | undefined {
  for (const [role, policy] of policies) {
    const found = policy && denialBy(asked, role, [policy]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function denialBy(asked: Asked, role: Role, policies: readonly CompiledPolicy[]): Decision | undefined {
  for (const policy of policies) {
    for (const statement of policy.denies.get(asked.action) ?? []) {
      if (statement.names(asked.principal) === UNNAMED) continue;
      const found = applies(statement, asked);
      if (found !== NO) return decided({ allowed: false, reason: 'explicit-deny' }, role, statement, found);
    }
  }
  return undefined;
}

function ownAllowance(asked: Asked, identity: readonly CompiledPolicy[]): Decision | undefined {
  if (asked.principal.type === 'root') return ROOT_MAY;
  for (const policy of identity) {
    const found = allowance(asked, 'identity', policy);
    if (found !== undefined) return found;
  }
  return undefined;
}

function vaultAllowance(asked: Asked, policies: Vaults, atLeast: Naming): Decision | undefined {
  for (const [role, policy] of policies) {
    const found = policy && allowance(asked, role, policy, atLeast);
    if (found !== undefined) return found;
  }
  return undefined;
}

function allowance(
  asked: Asked,
  role: Role,
  policy: CompiledPolicy,
  atLeast: Naming = BY_ACCOUNT,
): Decision | undefined {
  for (const statement of policy.allows.get(asked.action) ?? []) {
    if (statement.names(asked.principal) < atLeast) continue;
    if (applies(statement, asked) === YES) return decided({ allowed: true, reason: 'allow' }, role, statement, YES);
  }
  return undefined;
}

/** Whether the statement's resources and conditions hold for the request. */
function applies({ covers, tests }: Statement, { arn, values }: Asked): Truth {
  let worst = covers(arn, values);
  for (let index = 0; worst !== NO && index < tests.length; index += 1) {
    const found = tests[index]?.(values) ?? NO;
    if (found < worst) worst = found;
  }
  return worst;
}

function decided(
  verdict: Pick<Decision, 'allowed' | 'reason'>,
  policy: Role,
  { number, sid }: Statement,
  found: Truth,
): Decision {
  const statement: NonNullable<Decision['statement']> = { policy, number };
  if (sid !== undefined) statement.sid = sid;
  if (found === MAYBE) statement.undecided = true;
  return { ...verdict, statement };
}
