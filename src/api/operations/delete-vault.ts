import { nothing } from '../reply.ts';
import type { Operation } from '../route.ts';

export const deleteVault: Operation = {
  name: 'DeleteVault',
  method: 'DELETE',
  path: '/{accountId}/vaults/{vaultName}',
  status: 204,
  body: 'whole',
  async run(call, core) {
    await core.vaults.delete(call.vault);
    return nothing();
  },
};
