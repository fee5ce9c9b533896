interface NewKey {
  accessKeyId: string;
  secretAccessKey: string;
  /** Of temporary keys. */
  sessionToken: string | null;
  expiresAt: string | null;
}

/** A new key as it stands in the credentials file of AWS tools, below the name of a profile. */
export function credentialLines(key: NewKey, whose: string): string {
  const until = key.expiresAt === null ? '' : `, until ${key.expiresAt}`;
  return [
    `# ${whose}${until}; the secret is not shown again`,
    `aws_access_key_id = ${key.accessKeyId}`,
    `aws_secret_access_key = ${key.secretAccessKey}`,
    ...(key.sessionToken === null ? [] : [`aws_session_token = ${key.sessionToken}`]),
  ].join('\n');
}
