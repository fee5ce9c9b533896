import { type GlacierError, invalidParameter } from '../model/errors.ts';
import type { UserName } from '../model/identities.ts';

/** The users that a vault's own policy names: whether they exist is looked at when it is set. */
const USER_ARN = /^arn:aws:iam::(\d{12}):user\/(.+)$/;

/** Those of the vault's own account; which users another account has is not for this one to learn. */
export function usersAmong(principalArns: Iterable<string>, ownerId: string): UserName[] {
  return Array.from(principalArns).flatMap((arn) => {
    const [, accountId, name] = USER_ARN.exec(arn) ?? [];
    return accountId !== ownerId || name === undefined ? [] : [{ accountId, name }];
  });
}

/** A misspelt name would otherwise grant nothing, or deny nobody, without a word. */
export function unknownUser(kind: 'access' | 'lock', { accountId, name }: UserName): GlacierError {
  return invalidParameter(
    `The specified vault ${kind} policy is invalid. ` +
      `Principal: the account ${accountId} has no user ${name}, so arn:aws:iam::${accountId}:user/${name} names nobody.`,
  );
}
