import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { limits } from '../model/limits.ts';
import { type Asked, requestParameters, responseElements } from './audit-parameters.ts';
import { readHead } from './framing.ts';

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
    const long = 'x'.repeat(limits.auditValueLengthMax + 1);
    expect(shown({ parameters: { vaultName: long } })).toEqual({ vaultName: `${long.slice(1)}...` });
  });

  test('members that every object has are members like others', () => {
    const members = JSON.parse('{"__proto__":{"a":1},"constructor":"x"}');
    expect(JSON.stringify(shown({ members }))).toBe('{"__proto__":{"a":1},"constructor":"x"}');
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
