import type { OutputObject } from './select-output.ts';

/** What an object was to be stored with and the disk does not know: JSON beside it, for whoever carries it to a real bucket. */
export function settingsText({ key, contentType, settings }: OutputObject): string {
  const { encryption, cannedAcl, grants, tags, metadata, storageClass } = settings;
  const text = { key, contentType, storageClass, encryption, cannedAcl, grants, tags, metadata };
  return `${JSON.stringify(text, null, 2)}\n`;
}
