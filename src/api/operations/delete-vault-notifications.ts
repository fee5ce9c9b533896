import { nothing } from '../reply.ts';
import type { Operation } from '../route.ts';

export const deleteVaultNotifications: Operation = {
  name: 'DeleteVaultNotifications',
  method: 'DELETE',
  path: '/{accountId}/vaults/{vaultName}/notification-configuration',
  status: 204,
  body: 'whole',
  async run(call, core) {
    await core.notificationConfigurations.delete(call.vault);
    return nothing();
  },
};
