import { missingParameter } from '../../model/errors.ts';
import { text } from '../json-members.ts';
import { nothing } from '../reply.ts';
import type { Operation } from '../route.ts';

export const setVaultAccessPolicy: Operation = {
  name: 'SetVaultAccessPolicy',
  method: 'PUT',
  path: '/{accountId}/vaults/{vaultName}/access-policy',
  status: 204,
  body: 'whole',
  async run(call, core) {
    const document = text((await call.jsonBody()) ?? {}, 'Policy');
    if (document === null) throw missingParameter('Policy');
    await core.accessPolicies.set({ vault: call.vault, document });
    return nothing();
  },
};
