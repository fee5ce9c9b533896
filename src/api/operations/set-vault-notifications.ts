import { parseNotificationConfiguration } from '../notification-parameters.ts';
import { nothing } from '../reply.ts';
import type { Operation } from '../route.ts';

export const setVaultNotifications: Operation = {
  name: 'SetVaultNotifications',
  method: 'PUT',
  path: '/{accountId}/vaults/{vaultName}/notification-configuration',
  status: 204,
  body: 'whole',
  async run(call, core) {
    const configuration = parseNotificationConfiguration(await call.jsonBody());
    await core.notificationConfigurations.set({ vault: call.vault, configuration });
    return nothing();
  },
};
