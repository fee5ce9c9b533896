import type { z } from 'zod';

/** One thing the operator can set. The flag, the environment variable and the YAML key follow from its name. */
export interface Setting {
  /** What stands for the value in `--help`. */
  placeholder: string;
  /** The text that counts when nobody says anything; without one the setting is off. */
  default?: string;
  meaning: string;
  /** What only the reference page has room for. */
  detail?: string;
  /** Reads the text; its issues complete the sentence "`--name` ...". */
  value: z.ZodType<unknown, string>;
  /** False for what cannot be a key of the configuration file. */
  inFile?: false;
  /** True where the file may hold a mapping in place of `a=x,b=y`. */
  mapping?: true;
}
