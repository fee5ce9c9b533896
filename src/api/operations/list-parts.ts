import { formatRange } from '../../model/byte-range.ts';
import { formatInstant } from '../../model/instants.ts';
import { limits } from '../../model/limits.ts';
import { formatPartMarker, parsePartMarker } from '../../model/markers.ts';
import type { Part } from '../../model/uploads.ts';
import { json } from '../reply.ts';
import type { Operation } from '../route.ts';

export const listParts: Operation = {
  name: 'ListParts',
  method: 'GET',
  path: '/{accountId}/vaults/{vaultName}/multipart-uploads/{uploadId}',
  status: 200,
  body: 'whole',
  async run(call, core) {
    const { vault } = call;
    const { upload, parts, more } = await core.uploads.listParts({
      name: { vault, id: call.parameter('uploadId') },
      afterByte: call.marker(parsePartMarker) ?? -1,
      limit: call.limit(limits.pagePartsMax),
    });
    const last = parts.at(-1);
    return json({
      ArchiveDescription: upload.description,
      CreationDate: formatInstant(upload.createdAtMs),
      Marker: more && last !== undefined ? formatPartMarker(last.startByte) : null,
      MultipartUploadId: upload.id,
      PartSizeInBytes: upload.partSizeBytes,
      Parts: parts.map(renderPart),
      VaultARN: core.vaults.arn(vault),
    });
  },
};

function renderPart({ startByte, sizeBytes, treeHash }: Part) {
  return { RangeInBytes: formatRange({ startByte, endByte: startByte + sizeBytes - 1 }), SHA256TreeHash: treeHash };
}
