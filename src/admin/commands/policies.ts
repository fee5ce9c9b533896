import { z } from 'zod';
import { AdminError } from '../../model/errors.ts';
import { formatInstant } from '../../model/instants.ts';
import { adminCommand } from '../command.ts';

const account = z.string().exactOptional();
const one = z.strictObject({ accountId: account, user: z.string(), name: z.string() });

/** The policies attached to users, and the way out for a vault whose access policy lets nobody change it. */
export const policyCommands = {
  'policies.attach': adminCommand({
    input: one.extend({ document: z.string() }),
    mutating: true,
    run: async ({ core, firstAccountId }, asked) => {
      const { accountId = firstAccountId, user, name, document } = asked;
      await core.users.attachPolicy({ accountId, user, name, document });
      return { accountId, user, name, attached: true };
    },
  }),
  'policies.detach': adminCommand({
    input: one,
    mutating: true,
    run: async ({ core, firstAccountId }, { accountId = firstAccountId, user, name }) => {
      await core.users.detachPolicy({ accountId, user, name });
      return { accountId, user, name, attached: false };
    },
  }),
  'policies.reset': adminCommand({
    input: z.strictObject({ accountId: account, vault: z.string() }),
    mutating: true,
    run: async ({ core, firstAccountId }, { accountId = firstAccountId, vault }) => {
      await core.accessPolicies.delete({ accountId, name: vault });
      return { accountId, vault, accessPolicy: null };
    },
  }),
  'policies.list': adminCommand({
    input: z.strictObject({ accountId: account, user: z.string() }),
    mutating: false,
    run: async ({ core, firstAccountId }, { accountId = firstAccountId, user }) => {
      const policies = await core.users.listPolicies({ accountId, user });
      const shown = policies.map(({ name, attachedAtMs }) => ({ name, attachedAt: formatInstant(attachedAtMs) }));
      return { accountId, user, policies: shown };
    },
  }),
  'policies.show': adminCommand({
    input: one,
    mutating: false,
    run: async ({ core, firstAccountId }, { accountId = firstAccountId, user, name }) => {
      const policies = await core.users.listPolicies({ accountId, user });
      const found = policies.find((policy) => policy.name === name);
      if (found === undefined) throw new AdminError(`the user ${user} has no policy ${name}`);
      return { accountId, user, name, attachedAt: formatInstant(found.attachedAtMs), document: found.document };
    },
  }),
};
