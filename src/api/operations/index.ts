import type { Operation } from '../route.ts';
import { abortMultipartUpload } from './abort-multipart-upload.ts';
import { abortVaultLock } from './abort-vault-lock.ts';
import { completeMultipartUpload } from './complete-multipart-upload.ts';
import { completeVaultLock } from './complete-vault-lock.ts';
import { createVault } from './create-vault.ts';
import { deleteArchive } from './delete-archive.ts';
import { deleteVault } from './delete-vault.ts';
import { describeJob } from './describe-job.ts';
import { describeVault } from './describe-vault.ts';
import { getJobOutput } from './get-job-output.ts';
import { getVaultLock } from './get-vault-lock.ts';
import { initiateJob } from './initiate-job.ts';
import { initiateMultipartUpload } from './initiate-multipart-upload.ts';
import { initiateVaultLock } from './initiate-vault-lock.ts';
import { listJobs } from './list-jobs.ts';
import { listMultipartUploads } from './list-multipart-uploads.ts';
import { listParts } from './list-parts.ts';
import { listVaults } from './list-vaults.ts';
import { uploadArchive } from './upload-archive.ts';
import { uploadMultipartPart } from './upload-multipart-part.ts';

/** Every operation that this server knows. */
export const operations: readonly Operation[] = [
  createVault,
  describeVault,
  listVaults,
  deleteVault,
  uploadArchive,
  deleteArchive,
  initiateMultipartUpload,
  uploadMultipartPart,
  completeMultipartUpload,
  abortMultipartUpload,
  listParts,
  listMultipartUploads,
  initiateJob,
  describeJob,
  listJobs,
  getJobOutput,
  initiateVaultLock,
  getVaultLock,
  abortVaultLock,
  completeVaultLock,
];
