import { nothing } from '../reply.ts';
import type { Operation } from '../route.ts';

export const deleteArchive: Operation = {
  name: 'DeleteArchive',
  method: 'DELETE',
  path: '/{accountId}/vaults/{vaultName}/archives/{archiveId}',
  status: 204,
  body: 'whole',
  subject: async (call) => ({ archiveId: call.parameter('archiveId') }),
  async run(call, core) {
    await core.archives.delete({ vault: call.vault, id: call.parameter('archiveId') });
    return nothing();
  },
};
