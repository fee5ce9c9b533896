import type { Core } from '../../core/core.ts';
import type { Call } from '../call.ts';
import { type JobParameters, parseJobParameters } from '../job-parameters.ts';
import { created, type HeaderList } from '../reply.ts';
import type { Operation } from '../route.ts';

export const initiateJob: Operation = {
  name: 'InitiateJob',
  method: 'POST',
  path: '/{accountId}/vaults/{vaultName}/jobs',
  status: 202,
  body: 'whole',
  async subject(call) {
    const archiveId = (await call.lenientBody())?.ArchiveId;
    return typeof archiveId === 'string' ? { archiveId } : {};
  },
  async run(call, core) {
    const { vault } = call;
    const parameters = parseJobParameters(await call.jsonBody());
    const { id, outputPath } = await start(parameters, { call, core });
    const headers: HeaderList = [
      ['Location', `/${vault.accountId}/vaults/${vault.name}/jobs/${id}`],
      ['x-amz-job-id', id],
    ];
    if (outputPath === undefined) return created(headers);
    return created([...headers, ['x-amz-job-output-path', inHeader(outputPath)]]);
  },
};

async function start(
  parameters: JobParameters,
  { call: { vault, asker }, core }: { call: Call; core: Core },
): Promise<{ id: string; outputPath?: string }> {
  switch (parameters.kind) {
    case 'archive-retrieval':
      return { id: await core.jobs.retrieveArchive({ vault, ...parameters }) };
    case 'inventory-retrieval':
      return { id: await core.jobs.retrieveInventory({ vault, ...parameters }) };
    case 'select':
      return core.selectJobs.start({ vault, asker, ...parameters });
  }
}

/** A header takes ASCII; everything else stands in it as URLs have it. DescribeJob tells the path as it is. */
const inHeader = (path: string): string => path.replace(/[^\x20-\x7e]+/gu, encodeURIComponent);
