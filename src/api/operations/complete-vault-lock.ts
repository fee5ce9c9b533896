import { nothing } from '../reply.ts';
import type { Operation } from '../route.ts';

export const completeVaultLock: Operation = {
  name: 'CompleteVaultLock',
  method: 'POST',
  path: '/{accountId}/vaults/{vaultName}/lock-policy/{lockId}',
  status: 204,
  body: 'whole',
  async run(call, core) {
    await core.locks.complete(call.vault, call.parameter('lockId'));
    return nothing();
  },
};
