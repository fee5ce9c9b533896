import { invalidParameter } from '../../model/errors.ts';
import { positionOfTimedId } from '../../model/ids.ts';
import { renderJob } from '../../model/job-document.ts';
import { JOB_STATUSES, type JobStatus } from '../../model/jobs.ts';
import { limits } from '../../model/limits.ts';
import type { Call } from '../call.ts';
import { json } from '../reply.ts';
import type { Operation } from '../route.ts';

/**
 * Newest jobs first. The marker is the id of the last job on the page, which holds that job's position: the next page
 * begins after it even when the job has expired. It is bound to nothing else, so that one from another vault or listing is
 * a position too. Filters must be repeated with every page.
 */
export const listJobs: Operation = {
  name: 'ListJobs',
  method: 'GET',
  path: '/{accountId}/vaults/{vaultName}/jobs',
  status: 200,
  body: 'whole',
  async run(call, core) {
    const { vault } = call;
    const { jobs, marker } = await core.jobs.list({
      vault,
      limit: call.limit(limits.pageJobsMax),
      after: call.marker(positionOfTimedId),
      status: statusFilter(call),
      completed: completedFilter(call),
    });
    const vaultArn = core.vaults.arn(vault);
    return json({
      JobList: jobs.map((job) => renderJob(job, vaultArn)),
      Marker: marker,
    });
  },
};

function statusFilter(call: Call): JobStatus | null {
  const text = call.query('statuscode');
  if (text === undefined) return null;
  const status = JOB_STATUSES.find((candidate) => candidate === text);
  if (status === undefined) throw invalidParameter(`The job status code is not valid: ${text}`);
  return status;
}

/** Scripts send Python's `True` as well as `true`. */
function completedFilter(call: Call): boolean | null {
  const text = call.query('completed');
  if (text === undefined) return null;
  const word = text.toLowerCase();
  if (word !== 'true' && word !== 'false') throw invalidParameter(`The completed filter is not valid: ${text}`);
  return word === 'true';
}
