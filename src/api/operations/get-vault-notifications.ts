import { json } from '../reply.ts';
import type { Operation } from '../route.ts';

export const getVaultNotifications: Operation = {
  name: 'GetVaultNotifications',
  method: 'GET',
  path: '/{accountId}/vaults/{vaultName}/notification-configuration',
  status: 200,
  body: 'whole',
  async run(call, core) {
    const { topic, events } = await core.notificationConfigurations.get(call.vault);
    return json({ Events: events, SNSTopic: topic });
  },
};
