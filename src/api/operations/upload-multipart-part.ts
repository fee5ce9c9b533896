import { nothing } from '../reply.ts';
import type { Operation } from '../route.ts';
import { bodySize, claimedHashes, partRange } from '../upload-headers.ts';

export const uploadMultipartPart: Operation = {
  name: 'UploadMultipartPart',
  method: 'PUT',
  path: '/{accountId}/vaults/{vaultName}/multipart-uploads/{uploadId}',
  status: 204,
  body: 'stream',
  async run(call, core) {
    const claimed = claimedHashes(call);
    const range = partRange(call, bodySize(call));
    const name = { vault: call.vault, id: call.parameter('uploadId') };
    const treeHash = await core.uploads.putPart({ name, range, claimed, body: call.body.flow });
    return nothing([['x-amz-sha256-tree-hash', treeHash]]);
  },
};
