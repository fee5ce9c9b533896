import {
  CompleteMultipartUploadCommand,
  type GlacierClient,
  InitiateMultipartUploadCommand,
  UploadMultipartPartCommand,
} from '@aws-sdk/client-glacier';
import { treeHash } from './hashes.ts';

/** A multipart upload as the tests make one: the vault, the size of its parts, the bytes that shall become an archive. */
export interface MultipartUpload {
  vaultName: string;
  partSize: number;
  bytes: Buffer;
}

/** Opens an upload and returns its id. */
export async function initiateUpload(
  client: GlacierClient,
  { vaultName, partSize, description }: { vaultName: string; partSize: number; description?: string },
): Promise<string> {
  const upload = await client.send(
    new InitiateMultipartUploadCommand({
      accountId: '-',
      vaultName,
      partSize: String(partSize),
      ...(description === undefined ? {} : { archiveDescription: description }),
    }),
  );
  return upload.uploadId ?? '';
}

/** Uploads the part with this number, from 0, of the bytes; returns the tree hash the server computed. */
export async function uploadPart(
  client: GlacierClient,
  { vaultName, partSize, bytes, uploadId, index }: MultipartUpload & { uploadId: string; index: number },
): Promise<string | undefined> {
  const start = index * partSize;
  const body = bytes.subarray(start, start + partSize);
  const range = `bytes ${start}-${start + body.length - 1}/*`;
  const part = await client.send(new UploadMultipartPartCommand({ accountId: '-', vaultName, uploadId, range, body }));
  return part.checksum;
}

export const completeUpload = (
  client: GlacierClient,
  { vaultName, bytes, uploadId }: { vaultName: string; bytes: Buffer; uploadId: string },
) =>
  client.send(
    new CompleteMultipartUploadCommand({
      accountId: '-',
      vaultName,
      uploadId,
      archiveSize: String(bytes.length),
      checksum: treeHash(bytes),
    }),
  );

/** Uploads bytes in parts, in this order of part numbers or from first to last; returns the archive's id. */
export async function uploadInParts(client: GlacierClient, upload: MultipartUpload, order?: number[]): Promise<string> {
  const uploadId = await initiateUpload(client, upload);
  const count = Math.ceil(upload.bytes.length / upload.partSize);
  for (const index of order ?? Array.from({ length: count }, (_, number) => number)) {
    await uploadPart(client, { ...upload, uploadId, index });
  }
  const { archiveId } = await completeUpload(client, { ...upload, uploadId });
  return archiveId ?? '';
}
