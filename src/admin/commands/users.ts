import { z } from 'zod';
import { adminCommand } from '../command.ts';
import { shownUser } from '../shown.ts';

const account = z.string().exactOptional();

export const userCommands = {
  'users.create': adminCommand({
    input: z.strictObject({ accountId: account, name: z.string() }),
    mutating: true,
    run: async ({ core, firstAccountId }, { accountId = firstAccountId, name }) =>
      shownUser(await core.users.create({ accountId, name })),
  }),
  'users.list': adminCommand({
    input: z.strictObject({ accountId: account }),
    mutating: false,
    run: async ({ core, firstAccountId }, { accountId = firstAccountId }) => ({
      accountId,
      users: (await core.users.list({ accountId })).map(shownUser),
    }),
  }),
  'users.delete': adminCommand({
    input: z.strictObject({ accountId: account, name: z.string() }),
    mutating: true,
    run: async ({ core, firstAccountId }, { accountId = firstAccountId, name }) => {
      await core.users.delete({ accountId, name });
      return { accountId, name, deleted: true };
    },
  }),
};
