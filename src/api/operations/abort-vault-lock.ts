import { nothing } from '../reply.ts';
import type { Operation } from '../route.ts';

export const abortVaultLock: Operation = {
  name: 'AbortVaultLock',
  method: 'DELETE',
  path: '/{accountId}/vaults/{vaultName}/lock-policy',
  status: 204,
  body: 'whole',
  async run(call, core) {
    await core.locks.abort(call.vault);
    return nothing();
  },
};
