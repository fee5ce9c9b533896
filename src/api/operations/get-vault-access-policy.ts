import { json } from '../reply.ts';
import type { Operation } from '../route.ts';

export const getVaultAccessPolicy: Operation = {
  name: 'GetVaultAccessPolicy',
  method: 'GET',
  path: '/{accountId}/vaults/{vaultName}/access-policy',
  status: 200,
  body: 'whole',
  async run(call, core) {
    return json({ Policy: await core.accessPolicies.get(call.vault) });
  },
};
