import { created } from '../reply.ts';
import type { Operation } from '../route.ts';

export const createVault: Operation = {
  name: 'CreateVault',
  method: 'PUT',
  path: '/{accountId}/vaults/{vaultName}',
  status: 201,
  body: 'whole',
  async run(call, core) {
    const { vault } = call;
    await core.vaults.create(vault);
    return created([['Location', `/${vault.accountId}/vaults/${vault.name}`]]);
  },
};
