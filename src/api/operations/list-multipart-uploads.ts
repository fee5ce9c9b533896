import { positionOfTimedId } from '../../model/ids.ts';
import { limits } from '../../model/limits.ts';
import { renderUpload } from '../render.ts';
import { json } from '../reply.ts';
import type { Operation } from '../route.ts';

/** The marker is the id of the last upload on the page; the next one begins after it, be it still open or not. */
export const listMultipartUploads: Operation = {
  name: 'ListMultipartUploads',
  method: 'GET',
  path: '/{accountId}/vaults/{vaultName}/multipart-uploads',
  status: 200,
  body: 'whole',
  async run(call, core) {
    const { vault } = call;
    const after = call.marker(positionOfTimedId);
    const { uploads, more } = await core.uploads.list({ vault, after, limit: call.limit(limits.pageUploadsMax) });
    const vaultArn = core.vaults.arn(vault);
    return json({
      Marker: (more ? uploads.at(-1)?.id : null) ?? null,
      UploadsList: uploads.map((upload) => renderUpload(upload, vaultArn)),
    });
  },
};
