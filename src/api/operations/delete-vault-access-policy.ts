import { nothing } from '../reply.ts';
import type { Operation } from '../route.ts';

export const deleteVaultAccessPolicy: Operation = {
  name: 'DeleteVaultAccessPolicy',
  method: 'DELETE',
  path: '/{accountId}/vaults/{vaultName}/access-policy',
  status: 204,
  body: 'whole',
  async run(call, core) {
    await core.accessPolicies.delete(call.vault);
    return nothing();
  },
};
