import { renderLock } from '../render.ts';
import { json } from '../reply.ts';
import type { Operation } from '../route.ts';

export const getVaultLock: Operation = {
  name: 'GetVaultLock',
  method: 'GET',
  path: '/{accountId}/vaults/{vaultName}/lock-policy',
  status: 200,
  body: 'whole',
  async run(call, core) {
    return json(renderLock(await core.locks.get(call.vault)));
  },
};
