import { created } from '../reply.ts';
import type { Operation } from '../route.ts';
import { archiveSize, treeHash } from '../upload-headers.ts';

export const completeMultipartUpload: Operation = {
  name: 'CompleteMultipartUpload',
  method: 'POST',
  path: '/{accountId}/vaults/{vaultName}/multipart-uploads/{uploadId}',
  status: 201,
  body: 'whole',
  async run(call, core) {
    const { vault } = call;
    const completed = await core.uploads.complete({
      name: { vault, id: call.parameter('uploadId') },
      sizeBytes: archiveSize(call),
      treeHash: treeHash(call),
    });
    return created([
      ['x-amz-sha256-tree-hash', completed.treeHash],
      ['Location', `/${vault.accountId}/vaults/${vault.name}/archives/${completed.archiveId}`],
      ['x-amz-archive-id', completed.archiveId],
    ]);
  },
};
