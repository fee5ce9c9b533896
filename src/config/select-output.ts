import { isBucketName } from '../model/output-names.ts';

/** A real bucket, or whatever speaks S3, and who may have the server write where. */
export interface S3OutputConfig {
  provider: 's3';
  /** Undefined: Amazon's own. No slash ends it. */
  endpoint: string | undefined;
  /** Undefined: the server's. */
  region: string | undefined;
  /** Whether the bucket stands in the path of URLs, or before the host's name. */
  pathStyle: boolean;
  accounts: readonly AccountBuckets[];
}

export interface AccountBuckets {
  accountId: string;
  bucketNames: readonly string[];
}

export type SelectOutputConfig = { provider: 'disk' } | S3OutputConfig;

/** Either what the text says, or what is wrong with it. */
export type SelectOutputReading = { output: SelectOutputConfig } | { problem: string };

/** How single options are read; `undefined` where the text will not do. */
export interface OptionParsers {
  webAddress: (text: string) => string | undefined;
  region: (text: string) => string | undefined;
}

const ACCOUNT = /^account\.(\d{12})$/;
const FORM = 'must be disk, s3 or s3?endpoint=URL&region=REGION';

/** Reads `disk`, `s3` and `s3?endpoint=http://minio:9000&account.222233334444=one,two`. A problem repeats no URL. */
export function readSelectOutput(text: string, parsers: OptionParsers): SelectOutputReading {
  if (text === 'disk') return { output: { provider: 'disk' } };
  if (text !== 's3' && !text.startsWith('s3?')) return { problem: FORM };
  const options = new Map<string, string>();
  for (const option of text === 's3' ? [] : text.slice('s3?'.length).split('&')) {
    const at = option.indexOf('=');
    const name = option.slice(0, Math.max(at, 0));
    const value = decoded(option.slice(at + 1));
    if (at < 1 || value === undefined || value === '') {
      return { problem: 'must have options of the form name=value after s3?, with & between them' };
    }
    if (options.has(name)) return { problem: `must name the option ${JSON.stringify(name)} once only` };
    options.set(name, value);
  }
  return readOptions(options, parsers);
}

function readOptions(options: ReadonlyMap<string, string>, parsers: OptionParsers): SelectOutputReading {
  const output: S3OutputConfig = {
    provider: 's3',
    endpoint: undefined,
    region: undefined,
    pathStyle: options.has('endpoint'),
    accounts: [],
  };
  for (const [name, value] of options) {
    const problem = readOption(output, { name, value, parsers });
    if (problem !== undefined) return { problem };
  }
  return { output };
}

/** Takes one option over into `output`; what is wrong with it, if anything is. */
function readOption(
  output: S3OutputConfig,
  { name, value, parsers }: { name: string; value: string; parsers: OptionParsers },
): string | undefined {
  const account = ACCOUNT.exec(name)?.[1];
  if (account !== undefined) {
    const bucketNames = value.split(',');
    output.accounts = [...output.accounts, { accountId: account, bucketNames }];
    return bucketNames.every(isBucketName)
      ? undefined
      : `must name buckets after ${name}=, with commas between them, not ${JSON.stringify(value)}`;
  }
  switch (name) {
    case 'endpoint':
      output.endpoint = parsers.webAddress(value);
      return output.endpoint === undefined
        ? 'must have an http or https URL without user name, query and fragment as its endpoint'
        : undefined;
    case 'region':
      output.region = parsers.region(value);
      return output.region === undefined
        ? `must have a region like us-east-1, not ${JSON.stringify(value)}`
        : undefined;
    case 'path-style':
      output.pathStyle = value === 'true';
      return value === 'true' || value === 'false'
        ? undefined
        : `must have true or false as path-style, not ${JSON.stringify(value)}`;
    default:
      return `has the options endpoint, region, path-style and account.<12 digits>, and not ${JSON.stringify(name)}`;
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
