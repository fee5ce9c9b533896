/** What a select job is asked: SQL on an archive that is CSV, and where the results go (`SelectParameters`, `OutputLocation`). */

export const FILE_HEADERS = ['NONE', 'IGNORE', 'USE'] as const;

/** How the archive is written. Every character is one of ASCII unless it says otherwise. */
export interface CsvInput {
  /** What the first record is: data, names to be passed over, or names to select by. */
  fileHeaderInfo: (typeof FILE_HEADERS)[number];
  /** A record that begins with it is passed over; null: there are no comments. */
  comments: string | null;
  /** One or two characters; null: none was asked for, and a record ends with LF or CR LF. */
  recordDelimiter: string | null;
  fieldDelimiter: string;
  /** Null: nothing is quoted. */
  quoteCharacter: string | null;
  /** Stands before a quote that belongs to a quoted field. */
  quoteEscapeCharacter: string;
}

export const QUOTE_FIELDS = ['ALWAYS', 'ASNEEDED'] as const;

/** How the results are written. */
export interface CsvOutput {
  quoteFields: (typeof QUOTE_FIELDS)[number];
  /** One or two characters. */
  recordDelimiter: string;
  fieldDelimiter: string;
  /** Null: nothing is ever quoted. */
  quoteCharacter: string | null;
  quoteEscapeCharacter: string;
}

/** A query as it runs. */
export interface SelectQuery {
  expression: string;
  input: CsvInput;
  output: CsvOutput;
}

export const DEFAULT_CSV_INPUT: CsvInput = {
  fileHeaderInfo: 'NONE',
  comments: null,
  recordDelimiter: null,
  fieldDelimiter: ',',
  quoteCharacter: '"',
  quoteEscapeCharacter: '"',
};

export const DEFAULT_CSV_OUTPUT: CsvOutput = {
  quoteFields: 'ASNEEDED',
  recordDelimiter: '\n',
  fieldDelimiter: ',',
  quoteCharacter: '"',
  quoteEscapeCharacter: '"',
};

export const CANNED_ACLS = [
  'private',
  'public-read',
  'public-read-write',
  'aws-exec-read',
  'authenticated-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
] as const;

export const STORAGE_CLASSES = ['STANDARD', 'REDUCED_REDUNDANCY', 'STANDARD_IA'] as const;

/** What a grant on an object may allow; WRITE has no meaning there. */
export const PERMISSIONS = ['FULL_CONTROL', 'READ', 'READ_ACP', 'WRITE_ACP'] as const;

/** To whom a grant is made, as S3 names it in `x-amz-grant-*`. */
export type Grantee =
  | { by: 'id'; id: string }
  | { by: 'uri'; uri: string }
  | { by: 'emailAddress'; emailAddress: string };

export interface Grant {
  grantee: Grantee;
  permission: (typeof PERMISSIONS)[number];
}

export type OutputEncryption =
  | { type: 'AES256' }
  /** The context is JSON, an object of texts. */
  | { type: 'aws:kms'; keyId: string | null; context: string | null };

/** What every object of a job's output is stored with. */
export interface ObjectSettings {
  encryption: OutputEncryption | null;
  cannedAcl: (typeof CANNED_ACLS)[number] | null;
  /** Empty where there is a canned ACL. */
  grants: readonly Grant[];
  tags: readonly (readonly [key: string, value: string])[];
  /** Names without `x-amz-meta-`. */
  metadata: readonly (readonly [name: string, value: string])[];
  storageClass: (typeof STORAGE_CLASSES)[number];
}

/** Below which key a job has its output. */
export const outputPathOf = ({ prefix }: Pick<OutputLocation, 'prefix'>, jobId: string): string =>
  `${prefix.replace(/\/$/, '')}/${jobId}/`;

/** Where the results of a job go. */
export interface OutputLocation {
  bucketName: string;
  /** As it was sent; the output is below `<prefix>/<job id>/`. */
  prefix: string;
  settings: ObjectSettings;
}
