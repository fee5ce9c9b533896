import { z } from 'zod';
import { adminCommand } from '../command.ts';
import { shownKey, shownNewKey } from '../shown.ts';

const one = z.strictObject({ accessKeyId: z.string() });

export const keyCommands = {
  'keys.create': adminCommand({
    input: z.strictObject({
      accountId: z.string().exactOptional(),
      user: z.string().exactOptional(),
      expiresInMs: z.number().exactOptional(),
      sessionPolicy: z.string().exactOptional(),
    }),
    mutating: true,
    run: async ({ core, firstAccountId }, asked) =>
      shownNewKey(await core.keys.create({ accountId: firstAccountId, ...asked })),
  }),
  'keys.list': adminCommand({
    input: z.strictObject({ accountId: z.string().exactOptional(), user: z.string().exactOptional() }),
    mutating: false,
    run: async ({ core, firstAccountId }, asked) => {
      const whose = { accountId: firstAccountId, ...asked };
      return { accountId: whose.accountId, keys: (await core.keys.list(whose)).map(shownKey) };
    },
  }),
  'keys.disable': adminCommand({
    input: one,
    mutating: true,
    run: async ({ core }, { accessKeyId }) => {
      await core.keys.disable({ accessKeyId });
      return { accessKeyId, disabled: true };
    },
  }),
  'keys.enable': adminCommand({
    input: one,
    mutating: true,
    run: async ({ core }, { accessKeyId }) => {
      await core.keys.enable({ accessKeyId });
      return { accessKeyId, disabled: false };
    },
  }),
  'keys.rotate': adminCommand({
    input: one,
    mutating: true,
    run: async ({ core }, { accessKeyId }) => shownNewKey(await core.keys.rotate({ accessKeyId })),
  }),
  'keys.delete': adminCommand({
    input: one,
    mutating: true,
    run: async ({ core }, { accessKeyId }) => {
      await core.keys.delete({ accessKeyId });
      return { accessKeyId, deleted: true };
    },
  }),
};
