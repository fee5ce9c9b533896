import { limits } from '../../model/limits.ts';
import { renderVault } from '../render.ts';
import { json } from '../reply.ts';
import type { Operation } from '../route.ts';

const VAULT_ARN = /^arn:aws[a-z-]*:glacier:[a-z0-9-]*:\d{12}:vaults\/(.+)$/;

/** The marker is the ARN of the last vault on the page; the next one begins after it, be it still there or not. */
export const listVaults: Operation = {
  name: 'ListVaults',
  method: 'GET',
  path: '/{accountId}/vaults',
  status: 200,
  body: 'whole',
  async run(call, core) {
    const limit = call.limit(limits.pageVaultsMax);
    const afterName = call.marker((marker) => VAULT_ARN.exec(marker)?.[1]) ?? '';
    const { vaults, more } = await core.vaults.list({ accountId: call.accountId, afterName, limit });
    return json({ Marker: (more ? vaults.at(-1)?.arn : null) ?? null, VaultList: vaults.map(renderVault) });
  },
};
