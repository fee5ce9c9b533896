import type { Setting } from './setting.ts';
import { commandLine, oneOf } from './values.ts';

/** The settings of the archive store: how bytes are kept, and what of the disk is left alone. */
export const storageSettings = {
  encryption: {
    placeholder: 'aes-256-gcm|none',
    default: 'aes-256-gcm',
    meaning: 'how the bytes of new archives are encrypted on the disk; what is there stays readable',
    detail:
      'The key is that of `MORAINE_ENCRYPTION_KEY`, else what `--encryption-key-command` prints, else ' +
      '`<data-dir>/encryption.key`, which is made with the first archive: keep a copy of it elsewhere ' +
      '(docs/operations.md).',
    value: oneOf(['aes-256-gcm', 'none']),
  },
  'encryption-key-command': {
    placeholder: 'COMMAND',
    meaning: 'a command that prints the encryption keys, run by /bin/sh once at start',
    detail:
      'It prints what `MORAINE_ENCRYPTION_KEY` may hold, one key a line or with commas between them, and ends with 0 ' +
      'within 30 seconds. What it prints is never logged.',
    value: commandLine,
  },
} satisfies Record<string, Setting>;
