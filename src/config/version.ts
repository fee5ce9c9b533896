import { readFileSync } from 'node:fs';

/** The version in package.json, which lies two levels up from here both in the source and in the published package. */
export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
