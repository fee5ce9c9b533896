import { z } from 'zod';
import { adminCommand } from '../command.ts';
import { shownAccount, shownNewKey } from '../shown.ts';

const one = z.strictObject({ accountId: z.string() });

export const accountCommands = {
  'accounts.create': adminCommand({
    input: z.strictObject({ accountId: z.string().exactOptional(), name: z.string().exactOptional() }),
    mutating: true,
    run: async ({ core }, asked) => {
      const { account, key } = await core.accounts.create(asked);
      return { account: shownAccount(account), key: shownNewKey(key) };
    },
  }),
  'accounts.list': adminCommand({
    input: z.strictObject({}),
    mutating: false,
    run: async ({ core }) => ({ accounts: (await core.accounts.list()).map(shownAccount) }),
  }),
  'accounts.disable': adminCommand({
    input: one,
    mutating: true,
    run: async ({ core }, { accountId }) => {
      await core.accounts.disable({ accountId });
      return { accountId, disabled: true };
    },
  }),
  'accounts.enable': adminCommand({
    input: one,
    mutating: true,
    run: async ({ core }, { accountId }) => {
      await core.accounts.enable({ accountId });
      return { accountId, disabled: false };
    },
  }),
  'accounts.delete': adminCommand({
    input: one,
    mutating: true,
    run: async ({ core }, { accountId }) => {
      await core.accounts.delete({ accountId });
      return { accountId, deleted: true };
    },
  }),
};
