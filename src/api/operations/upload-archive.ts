import { parseDescription } from '../../model/description.ts';
import { created } from '../reply.ts';
import type { Operation } from '../route.ts';
import { bodySize, claimedHashes } from '../upload-headers.ts';

export const uploadArchive: Operation = {
  name: 'UploadArchive',
  method: 'POST',
  path: '/{accountId}/vaults/{vaultName}/archives',
  status: 201,
  body: 'stream',
  async run(call, core) {
    const claimed = claimedHashes(call);
    const sizeBytes = bodySize(call);
    const description = parseDescription(call.header('x-amz-archive-description'));
    const { vault } = call;
    const { id, treeHash } = await core.archives.upload({
      vault,
      description,
      claimed,
      body: call.body.flow,
      sizeBytes,
    });
    return created([
      ['x-amz-sha256-tree-hash', treeHash],
      ['Location', `/${vault.accountId}/vaults/${vault.name}/archives/${id}`],
      ['x-amz-archive-id', id],
    ]);
  },
};
