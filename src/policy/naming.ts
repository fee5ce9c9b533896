/** What may be written as it is, or as the escape of its number; a slash has a short escape too. */
function spellings(character: string): string {
  const digits = character.charCodeAt(0).toString(16).padStart(4, '0');
  const escaped = `\\\\u${digits.replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)}`;
  const literal = `\\x${digits.slice(2)}`;
  return character === '/' ? `(?:\\\\?${literal}|${escaped})` : `(?:${literal}|${escaped})`;
}

/**
 * Finds the ARN of a user in the text of policies, however JSON lets it be spelt and wherever it stands: a condition can
 * grant something to a user as well. The text is not read as a policy, so that one which cannot be read any more counts too,
 * and so that a thousand long ones are looked through at once.
 */
export function namingOf(arn: string): (text: string) => boolean {
  const pattern = new RegExp(`${Array.from(arn, spellings).join('')}(?![\\w+=,.@-])`);
  return (text) => pattern.test(text);
}
