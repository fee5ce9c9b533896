import { nothing } from '../reply.ts';
import type { Operation } from '../route.ts';

export const abortMultipartUpload: Operation = {
  name: 'AbortMultipartUpload',
  method: 'DELETE',
  path: '/{accountId}/vaults/{vaultName}/multipart-uploads/{uploadId}',
  status: 204,
  body: 'whole',
  async run(call, core) {
    await core.uploads.abort({ vault: call.vault, id: call.parameter('uploadId') });
    return nothing();
  },
};
