import type { z } from 'zod';
import type { Core } from '../core/core.ts';
import type { Finding } from '../core/doctor.ts';

/** What the operator's commands work on. */
export interface Administration {
  core: Core;
  /** The account that a command means when it names none. */
  firstAccountId: string;
  /** Looks at the server, its disks and its data directory. */
  examine: () => Promise<Finding[]>;
}

/**
 * Something the operator can ask for. What goes in and what comes out is JSON, instants are ISO 8601 text: answers are what
 * `--json` prints, so their members may be added to and never change their meaning.
 */
export interface AdminCommand<Input extends object, Answer> {
  input: z.ZodType<Input>;
  /** It changes something, so there is a record of it. */
  mutating: boolean;
  /** Members of the input that no record may show. */
  secrets?: readonly string[];
  run(administration: Administration, input: Input): Promise<Answer>;
}

/** Gives a command the types of its own input and answer. */
export const adminCommand = <Input extends object, Answer>(
  command: AdminCommand<Input, Answer>,
): AdminCommand<Input, Answer> => command;
