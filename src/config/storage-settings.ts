import type { Setting } from './setting.ts';
import { address, commandLine, oneOf, path, sizeOrDefault } from './values.ts';

/** The settings of the archive store: how bytes are kept, what of the disk is left alone, and how it is watched. */
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
  'disk-reserve': {
    placeholder: 'SIZE',
    default: 'default',
    meaning:
      'what uploads leave free on each file system; default: 1 % of it, at least 256MiB, at most 10GiB; 0: nothing',
    detail:
      'An upload that would not fit beside it is refused before its first byte; everything else goes on. Of a file ' +
      'system with a fixed number of inodes 1 % of these, 64 to 10,000, stay free too.',
    value: sizeOrDefault({ max: '4096TiB' }),
  },
  'admin-listen': {
    placeholder: 'HOST:PORT',
    meaning: 'where metrics and the state of the server are told, over HTTP and to everybody who reaches it',
    detail: '`/metrics` for Prometheus, `/readyz` with details as JSON, `/healthz`. Keep it from strangers.',
    value: address,
  },
  mirror: {
    placeholder: 'DIR',
    meaning: 'a directory on another disk that gets a copy of every archive before it is acknowledged',
    detail:
      'It is made where it is empty; what one copy lacks or has damaged is read from the other and repaired by the ' +
      'scrub. When its disk is missing, archives are served and none are taken (docs/operations.md).',
    value: path,
  },
} satisfies Record<string, Setting>;
