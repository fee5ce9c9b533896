import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { limits } from '../model/limits.ts';
import { type Asked, hasRecordedBody, requestParameters, responseElements } from './audit-parameters.ts';
import { readHead } from './framing.ts';
import { operations } from './operations/index.ts';

const headOf = (url: string, headers: string[] = []) =>
  readHead({ method: 'POST', url, httpVersion: '1.1', rawHeaders: ['Host', 'a', ...headers] } as IncomingMessage);
const shown = (asked: Partial<Asked>, url = '/-/vaults', headers: string[] = []) =>
  requestParameters({
    head: headOf(url, headers),
    parameters: undefined,
    operation: undefined,
    members: undefined,
    ...asked,
  });

describe('requestParameters', () => {
  test('the path as it was sent, the query and the headers that are known', () => {
    const headers = ['x-amz-part-size', '1048576', 'Content-Range', 'bytes 0-5/*', 'x-amz-sha256-tree-hash', 'abc'];
    const parameters = { accountId: '-', vaultName: 'v' };
    expect(shown({ parameters }, '/-/vaults/v/x?limit=3&operation=add', headers)).toEqual({
      accountId: '-',
      vaultName: 'v',
      limit: '3',
      operation: 'add',
      partSize: '1048576',
      range: 'bytes 0-5/*',
      checksum: 'abc',
    });
  });

  test('nothing else of them, for it may be anything', () => {
    const headers = [
      'Authorization',
      'a',
      'x-amz-security-token',
      'b',
      'x-amz-archive-description',
      'c',
      'Cookie',
      'd',
    ];
    expect(shown({}, '/-/vaults?X-Amz-Signature=e&X-Amz-Security-Token=f&secret=g', headers)).toBeNull();
  });

  test('the members of the body as the SDKs wrap them, but for descriptions', () => {
    const members = { Type: 'archive-retrieval', SNSTopic: 'arn', Description: 'private' };
    expect(shown({ operation: 'InitiateJob', members })).toEqual({
      jobParameters: { type: 'archive-retrieval', sNSTopic: 'arn' },
    });
    expect(shown({ operation: 'AddTagsToVault', members: { Tags: { Team: 'Cold' } } })).toEqual({
      tags: { Team: 'Cold' },
    });
    expect(shown({ operation: 'SetVaultAccessPolicy', members: { Policy: '{}' } })).toEqual({
      policy: { policy: '{}' },
    });
  });

  test('the longest policy whole, longer bodies not, and long values cut', () => {
    const policy = '"'.repeat(limits.policyBytesMax);
    expect(shown({ operation: 'SetVaultAccessPolicy', members: { Policy: policy } })).toEqual({ policy: { policy } });
    const members = { Policy: 'x'.repeat(limits.auditBodyLengthMax) };
    expect(shown({ operation: 'SetVaultAccessPolicy', members })).toEqual({
      omitted: true,
      originalSize: limits.auditBodyLengthMax + '{"policy":""}'.length,
      reason: 'the members of the body are too long',
    });
    const bodyBytes = limits.auditBodyLengthMax + 1;
    expect(shown({ operation: 'SetVaultAccessPolicy', bodyBytes })).toMatchObject({ originalSize: bodyBytes });
    const long = 'x'.repeat(limits.auditValueLengthMax + 1);
    expect(shown({ parameters: { vaultName: long } })).toEqual({ vaultName: `${long.slice(1)}...` });
  });

  test('of a body nothing but the members that the API has', () => {
    const members = JSON.parse('{"accountId":"1","VaultName":"v","secretAccessKey":"s","__proto__":{"a":1},"Tags":{}}');
    expect(shown({ operation: 'DeleteArchive', members })).toBeNull();
    expect(shown({ members })).toBeNull();
    const parameters = { accountId: '-', vaultName: 'wire' };
    expect(shown({ operation: 'AddTagsToVault', parameters, members })).toEqual({ ...parameters, tags: {} });
  });

  test('of a select job the query, cut, and where its results go, without texts that are kept beside them', () => {
    const Expression = 'x'.repeat(limits.auditValueLengthMax + 1);
    const S3 = { BucketName: 'b', Prefix: 'p', Tagging: { a: 'b' }, UserMetadata: { c: 'd' } };
    const members = { SelectParameters: { Expression, Password: 'p' }, OutputLocation: { S3 } };
    expect(shown({ operation: 'InitiateJob', members })).toEqual({
      jobParameters: {
        selectParameters: { Expression: `${Expression.slice(1)}...` },
        outputLocation: { S3: { BucketName: 'b', Prefix: 'p' } },
      },
    });
    const wrong = { SelectParameters: 'x', OutputLocation: { S3: [1] } };
    expect(shown({ operation: 'InitiateJob', members: wrong })).toEqual({
      jobParameters: { selectParameters: {}, outputLocation: { S3: {} } },
    });
  });

  test('every operation that reads a body has some of it shown', () => {
    const reading = operations.filter(({ run }) => /jsonBody/.test(run.toString())).map(({ name }) => name);
    expect(reading).toHaveLength(7);
    expect(reading.filter((name) => !hasRecordedBody(name))).toEqual([]);
  });
});

test('responseElements are the headers that tell something', () => {
  const told = responseElements([
    ['Location', '/1/vaults/v'],
    ['x-amz-archive-id', 'id'],
    ['Content-Type', 'application/json'],
  ]);
  expect(told).toEqual({ location: '/1/vaults/v', archiveId: 'id' });
  expect(responseElements([])).toBeNull();
});
