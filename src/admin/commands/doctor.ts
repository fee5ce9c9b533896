import { z } from 'zod';
import { adminCommand } from '../command.ts';

/** How the server is. */
export const doctorCommands = {
  doctor: adminCommand({
    input: z.strictObject({}),
    mutating: false,
    run: async ({ examine }) => {
      const findings = await examine();
      return { findings, attention: findings.filter(({ state }) => state === 'attention').length };
    },
  }),
};
