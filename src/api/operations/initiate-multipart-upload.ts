import { parseDescription } from '../../model/description.ts';
import { created } from '../reply.ts';
import type { Operation } from '../route.ts';
import { partSize } from '../upload-headers.ts';

export const initiateMultipartUpload: Operation = {
  name: 'InitiateMultipartUpload',
  method: 'POST',
  path: '/{accountId}/vaults/{vaultName}/multipart-uploads',
  status: 201,
  body: 'whole',
  async run(call, core) {
    const partSizeBytes = partSize(call);
    const description = parseDescription(call.header('x-amz-archive-description'));
    const { vault } = call;
    const id = await core.uploads.initiate({ vault, description, partSizeBytes });
    return created([
      ['Location', `/${vault.accountId}/vaults/${vault.name}/multipart-uploads/${id}`],
      ['x-amz-multipart-upload-id', id],
    ]);
  },
};
