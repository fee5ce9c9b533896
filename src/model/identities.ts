import { limits } from './limits.ts';

/** An owner of vaults. Its root may do everything in it that no policy denies. */
export interface Account {
  accountId: string;
  name: string | null;
  createdAtMs: number;
  /** Since when none of its keys may sign; null while they may. */
  disabledAtMs: number | null;
}

/** Somebody in an account who may do what policies allow. */
export interface User {
  accountId: string;
  name: string;
  userId: string;
  arn: string;
  createdAtMs: number;
}

/** What names a user: the account and the name. */
export interface UserName {
  accountId: string;
  name: string;
}

/** An access key as it may be shown: without any secret. */
export interface AccessKey {
  accessKeyId: string;
  accountId: string;
  /** The name of the user whose it is; null for the root of the account. */
  user: string | null;
  /** Null for the root key that the server started with. */
  createdAtMs: number | null;
  /** Of temporary keys, which come with a session token. */
  expiresAtMs: number | null;
  disabledAtMs: number | null;
  hasSessionPolicy: boolean;
}

const ACCOUNT_ID = /^\d{12}$/;
const IAM_NAME = new RegExp(`^[A-Za-z0-9+=,.@_-]{1,${limits.iamNameLengthMax}}$`);

export const isAccountId = (text: string): boolean => ACCOUNT_ID.test(text);

/** The names of users and of their policies, by IAM's rules; two that differ in case only are the same name. */
export const isIamName = (name: string): boolean => IAM_NAME.test(name);

/** `arn:aws:iam::<account>:user/<name>` */
export const userArn = ({ accountId, name }: UserName): string => `arn:aws:iam::${accountId}:user/${name}`;
