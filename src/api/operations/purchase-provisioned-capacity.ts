import { created } from '../reply.ts';
import type { Operation } from '../route.ts';

export const purchaseProvisionedCapacity: Operation = {
  name: 'PurchaseProvisionedCapacity',
  method: 'POST',
  path: '/{accountId}/provisioned-capacity',
  status: 201,
  body: 'whole',
  async run(call, core) {
    return created([['x-amz-capacity-id', await core.capacity.purchase(call.accountId)]]);
  },
};
