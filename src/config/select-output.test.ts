import { expect, test } from 'vitest';
import { loadConfig } from './config.ts';
import { ConfigError } from './errors.ts';

const S3 = { provider: 's3', endpoint: undefined, region: undefined, pathStyle: false, accounts: [] };

test.each([
  ['disk', { provider: 'disk' }],
  ['s3', S3],
  ['s3?region=eu-west-1', { ...S3, region: 'eu-west-1' }],
  ['s3?endpoint=http://localhost:9000/', { ...S3, endpoint: 'http://localhost:9000', pathStyle: true }],
  ['s3?endpoint=https%3A%2F%2Fx%2Fy&path-style=false', { ...S3, endpoint: 'https://x/y' }],
  [
    's3?path-style=true&account.222233334444=one,two.three&account.012345678901=four',
    {
      ...S3,
      pathStyle: true,
      accounts: [
        { accountId: '222233334444', bucketNames: ['one', 'two.three'] },
        { accountId: '012345678901', bucketNames: ['four'] },
      ],
    },
  ],
])('--select-output %s is read', (text, selectOutput) => {
  expect(loadConfig({ flags: { 'select-output': text }, env: {} }).config.selectOutput).toEqual(selectOutput);
});

const FORM = 'must have options of the form name=value after s3?, with & between them';
const NO_ENDPOINT = 'must have an http or https URL without user name, query and fragment as its endpoint';

test.each([
  ['S3', 'must be disk, s3 or s3?endpoint=URL&region=REGION'],
  ['s3://secret', 'must be disk, s3 or s3?endpoint=URL&region=REGION'],
  ['s3?', FORM],
  ['s3?region', FORM],
  ['s3?region=', FORM],
  ['s3?=x', FORM],
  ['s3?region=%zz', FORM],
  ['s3?region=a&', FORM],
  ['s3?region=a&region=b', 'must name the option "region" once only'],
  ['s3?region=A_b', 'must have a region like us-east-1, not "A_b"'],
  ['s3?endpoint=localhost:9000', NO_ENDPOINT],
  ['s3?endpoint=http://me:secret@x', NO_ENDPOINT],
  ['s3?endpoint=http://x%3Fsecret', NO_ENDPOINT],
  ['s3?path-style=yes', 'must have true or false as path-style, not "yes"'],
  ['s3?account.222233334444=A', 'must name buckets after account.222233334444=, with commas between them, not "A"'],
  [
    's3?account.222233334444=a-b,',
    'must name buckets after account.222233334444=, with commas between them, not "a-b,"',
  ],
  ['s3?account.1=one', 'has the options endpoint, region, path-style and account.<12 digits>, and not "account.1"'],
  ['s3?__proto__=x', 'has the options endpoint, region, path-style and account.<12 digits>, and not "__proto__"'],
])('--select-output %s is refused', (text, problem) => {
  const load = () => loadConfig({ flags: { 'select-output': text }, env: {} });
  expect(load).toThrow(new ConfigError(`--select-output ${problem}`));
});
