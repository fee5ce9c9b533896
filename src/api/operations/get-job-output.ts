import type { JobOutput } from '../../core/jobs.ts';
import { wholeOf } from '../../model/byte-range.ts';
import { parseRangeHeader } from '../range-header.ts';
import type { HeaderList } from '../reply.ts';
import type { Operation } from '../route.ts';

/** 200 with everything, or 206 for any well-formed Range, even one that spans all. Ranges count within the output. */
export const getJobOutput: Operation = {
  name: 'GetJobOutput',
  method: 'GET',
  path: '/{accountId}/vaults/{vaultName}/jobs/{jobId}/output',
  status: 200,
  body: 'whole',
  async run(call, core) {
    let isPartial = false;
    const output = await core.jobs.output({
      name: { vault: call.vault, id: call.parameter('jobId') },
      choose: (totalBytes) => {
        const asked = parseRangeHeader(call.header('range'), totalBytes);
        isPartial = asked !== null;
        return asked ?? wholeOf(totalBytes);
      },
    });
    const { startByte, endByte } = output.range;
    return {
      status: isPartial ? 206 : 200,
      headers: headersOf(output, isPartial),
      content: {
        kind: 'bytes',
        contentType: contentTypeOf(output.job),
        lengthBytes: endByte - startByte + 1,
        read: output.read,
      },
    };
  },
};

function headersOf({ job, range, totalBytes, treeHash }: JobOutput, isPartial: boolean): HeaderList {
  const headers: [string, string][] = [];
  if (treeHash !== null) headers.push(['x-amz-sha256-tree-hash', treeHash]);
  if (job.kind === 'archive-retrieval' && job.archiveDescription !== null) {
    headers.push(['x-amz-archive-description', job.archiveDescription]);
  }
  headers.push(['Accept-Ranges', 'bytes']);
  if (isPartial) headers.push(['Content-Range', `bytes ${range.startByte}-${range.endByte}/${totalBytes}`]);
  return headers;
}

function contentTypeOf(job: JobOutput['job']): string {
  if (job.kind === 'archive-retrieval') return 'application/octet-stream';
  return job.format === 'CSV' ? 'text/csv' : 'application/json';
}
