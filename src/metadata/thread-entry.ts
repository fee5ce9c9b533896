import { extname } from 'node:path';

/**
 * The module that a thread begins with, named without its extension, beside the module whose `import.meta.url` is given:
 * TypeScript where that one is, and JavaScript where it was built.
 */
export const threadEntry = (name: string, besideUrl: string): URL =>
  new URL(`./${name}${extname(besideUrl)}`, besideUrl);
