import type { z } from 'zod';
import { accessKeyId, encryptionKeys, secretAccessKey, secretsKey } from './values.ts';

/** The secrets: from the environment only, because flags show in process lists and files are copied about. */
export const secretSettings = {
  MORAINE_ROOT_ACCESS_KEY_ID: { meaning: 'access key id of the root key of the first account', value: accessKeyId },
  MORAINE_ROOT_SECRET_ACCESS_KEY: { meaning: 'secret access key of the root key', value: secretAccessKey },
  MORAINE_SECRETS_KEY: {
    meaning: '32 bytes, base64 or hexadecimal: the key under which secrets of access keys are kept',
    value: secretsKey,
  },
  MORAINE_ENCRYPTION_KEY: {
    meaning:
      'keys of 32 bytes, base64 or hexadecimal, with commas between them: the first encrypts archives, the others only decrypt',
    value: encryptionKeys,
  },
} satisfies Record<string, { meaning: string; value: z.ZodType<unknown, string> }>;
