import { renderVault } from '../render.ts';
import { json } from '../reply.ts';
import type { Operation } from '../route.ts';

export const describeVault: Operation = {
  name: 'DescribeVault',
  method: 'GET',
  path: '/{accountId}/vaults/{vaultName}',
  status: 200,
  body: 'whole',
  async run(call, core) {
    return json(renderVault(await core.vaults.describe(call.vault)));
  },
};
