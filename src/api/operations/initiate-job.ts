import { parseJobParameters } from '../job-parameters.ts';
import { created } from '../reply.ts';
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
    const id =
      parameters.kind === 'archive-retrieval'
        ? await core.jobs.retrieveArchive({ vault, ...parameters })
        : await core.jobs.retrieveInventory({ vault, ...parameters });
    return created([
      ['Location', `/${vault.accountId}/vaults/${vault.name}/jobs/${id}`],
      ['x-amz-job-id', id],
    ]);
  },
};
