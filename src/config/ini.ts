/** The entries of one section, names in lower case, or a predicate that says what is wrong with the file. */
export type IniSection = { entries: Map<string, string> } | { problem: string };

const HEADING = /^\[\s*([^\]]+?)\s*\]\s*(?:[#;].*)?$/;
const ENTRY = /^([^=[\]]+?)\s*=\s*(.*)$/;
const COMMENT = /^\s*[#;]/;

/**
 * Reads a section of an AWS shared-credentials file: `[name]`, `key = value`, comments that begin with `#` or `;`.
 * Lines that are indented continue a nested setting of some AWS tool and are passed over.
 */
export function readIniSection(text: string, name: string): IniSection {
  let current: string | undefined;
  let entries: Map<string, string> | undefined;
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === '' || COMMENT.test(line) || /^\s/.test(line)) continue;
    const heading = HEADING.exec(line);
    if (heading !== null) {
      current = heading[1];
      if (current !== name) continue;
      if (entries !== undefined) return { problem: `has two sections [${name}]` };
      entries = new Map();
      continue;
    }
    const [, key, value] = ENTRY.exec(line) ?? [];
    if (key === undefined || value === undefined || current === undefined) {
      return { problem: `cannot be understood at line ${index + 1}` };
    }
    if (current === name) entries?.set(key.toLowerCase(), value.trim());
  }
  return entries === undefined ? { problem: `has no section [${name}]` } : { entries };
}
