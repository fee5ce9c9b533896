import { hash } from 'node:crypto';

/** The objects of a select job's output, by their names below its path. */
export const JOB_OBJECT = 'job.txt';
export const RESULT_MANIFEST = 'result_manifest.txt';
export const ERROR_MANIFEST = 'error_manifest.txt';

/** Of a part of the results, or of an error, counted from 0. It follows from the job, so that a repeated run has the same. */
export const numberedName = (jobId: string, folder: 'results' | 'errors', number: number): string =>
  `${folder}/${hash('sha256', `${jobId}/${folder}/${number}`, 'hex')}`;

/** One object of each sort that the job may write. */
export const sampleNames = (jobId: string): string[] => [
  JOB_OBJECT,
  numberedName(jobId, 'results', 0),
  RESULT_MANIFEST,
  numberedName(jobId, 'errors', 0),
  ERROR_MANIFEST,
];
