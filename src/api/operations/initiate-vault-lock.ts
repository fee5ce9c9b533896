import { missingParameter } from '../../model/errors.ts';
import { text } from '../json-members.ts';
import { created } from '../reply.ts';
import type { Operation } from '../route.ts';

export const initiateVaultLock: Operation = {
  name: 'InitiateVaultLock',
  method: 'POST',
  path: '/{accountId}/vaults/{vaultName}/lock-policy',
  status: 201,
  body: 'whole',
  async run(call, core) {
    const document = text((await call.jsonBody()) ?? {}, 'Policy');
    if (document === null) throw missingParameter('Policy');
    return created([['x-amz-lock-id', await core.locks.initiate(call.vault, document)]]);
  },
};
