import type { S3Client } from './s3-client.ts';
import type { OutputFolder } from './select-output.ts';

/** What is below a prefix in a bucket, page by page. Keys come in URL form where S3 offers it: XML cannot write them all. */

export async function* objectsBelow(
  client: S3Client,
  { bucketName: Bucket, prefix: Prefix }: OutputFolder,
): AsyncGenerator<string[], void, void> {
  for (let token: string | undefined; ; ) {
    const ContinuationToken = token;
    const page = await client.ask((s3, options) =>
      s3.listObjectsV2(
        { Bucket, Prefix, EncodingType: 'url', ...(ContinuationToken !== undefined && { ContinuationToken }) },
        options,
      ),
    );
    const decode = decoderOf(page.EncodingType);
    yield (page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [decode(Key)]));
    if (page.IsTruncated !== true || page.NextContinuationToken === undefined) return;
    token = page.NextContinuationToken;
  }
}

export interface Upload {
  key: string;
  uploadId: string;
}

export async function* uploadsBelow(
  client: S3Client,
  { bucketName: Bucket, prefix: Prefix }: OutputFolder,
): AsyncGenerator<Upload[], void, void> {
  for (let after: { KeyMarker: string; UploadIdMarker?: string } | undefined; ; ) {
    const marker = after;
    const page = await client.ask((s3, options) =>
      s3.listMultipartUploads({ Bucket, Prefix, EncodingType: 'url', ...marker }, options),
    );
    const decode = decoderOf(page.EncodingType);
    yield (page.Uploads ?? []).flatMap(({ Key, UploadId }) =>
      Key === undefined || UploadId === undefined ? [] : [{ key: decode(Key), uploadId: UploadId }],
    );
    const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page;
    if (IsTruncated !== true || NextKeyMarker === undefined) return;
    after = {
      KeyMarker: decode(NextKeyMarker),
      ...(NextUploadIdMarker !== undefined && { UploadIdMarker: NextUploadIdMarker }),
    };
  }
}

const decoderOf = (encodingType: string | undefined) =>
  encodingType === 'url' ? (text: string) => decodeURIComponent(text.replaceAll('+', ' ')) : (text: string) => text;
