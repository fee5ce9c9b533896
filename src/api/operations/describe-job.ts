import { renderJob } from '../../model/job-document.ts';
import { json } from '../reply.ts';
import type { Operation } from '../route.ts';

export const describeJob: Operation = {
  name: 'DescribeJob',
  method: 'GET',
  path: '/{accountId}/vaults/{vaultName}/jobs/{jobId}',
  status: 200,
  body: 'whole',
  async run(call, core) {
    const { vault } = call;
    const job = await core.jobs.describe({ vault, id: call.parameter('jobId') });
    return json(renderJob(job, core.vaults.arn(vault)));
  },
};
