import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { GIB, MIB } from '../model/limits.ts';
import { RequestBody } from './body.ts';
import { Call } from './call.ts';
import { archiveSize, bodySize, claimedHashes, partRange, partSize, treeHash } from './upload-headers.ts';

/** A call with these headers, which is all that is looked at here. */
function callWith(headers: Record<string, string>): Call {
  const request = { headers } as unknown as IncomingMessage;
  const response = {} as ServerResponse;
  return new Call({
    head: {
      method: 'POST',
      target: { path: '/', query: '' },
      headers: Object.entries(headers),
      header: (name) => headers[name],
    },
    authenticated: { payloadHash: '' },
    accountId: '111122223333',
    parameters: {},
    body: new RequestBody({ request, response, awaitsInvitation: false, stallTimeoutMs: 1 }),
  });
}

describe('the length of a body', () => {
  const size = (length: string) => bodySize(callWith({ 'content-length': length }));

  test('goes from 1 byte to 4 GiB', () => {
    expect(size('1')).toBe(1);
    expect(size(String(4 * GIB))).toBe(4 * GIB);
    expect(() => size('0')).toThrow('Invalid Content-Length: 0');
    expect(() => size(String(4 * GIB + 1))).toThrow('Invalid Content-Length: 4294967297');
    expect(() => bodySize(callWith({}))).toThrow('Required parameter missing: Content-Length');
  });
});

describe('hashes', () => {
  const hash = (text: string) => treeHash(callWith({ 'x-amz-sha256-tree-hash': text }));

  test('are whole bytes in hexadecimal, of any length, and kept as sent', () => {
    expect(hash('ABCD')).toBe('ABCD');
    expect(hash('0'.repeat(32))).toBe('0'.repeat(32));
    for (const text of ['000', '', 'xy', '0 0', 'é']) {
      expect(() => hash(text)).toThrow(`Invalid x-amz-sha256-tree-hash: ${text}`);
    }
  });

  test('are both needed, in the order in which their absence is told', () => {
    expect(() => claimedHashes(callWith({}))).toThrow('Required parameter missing: x-amz-content-sha256');
    const linear = { 'x-amz-content-sha256': 'aa' };
    expect(() => claimedHashes(callWith(linear))).toThrow('Required parameter missing: x-amz-sha256-tree-hash');
    expect(claimedHashes(callWith({ ...linear, 'x-amz-sha256-tree-hash': 'bb' }))).toEqual({
      linearHash: 'aa',
      treeHash: 'bb',
    });
    expect(claimedHashes(callWith({ ...linear, 'x-amz-sha256-tree-hash': 'BB' })).treeHash).toBe('bb');
  });
});

describe('the place of a part', () => {
  const place = (text: string, sizeBytes = 4) => partRange(callWith({ 'content-range': text }), sizeBytes);

  test.each(['bytes 0-3/*', 'bytes 0-3/4', 'bytes  0-3/*'])('%s', (text) => {
    expect(place(text)).toEqual({ startByte: 0, endByte: 3 });
  });

  test('is as long as the body', () => {
    expect(() => place('bytes 13631488-14296893/*', 665405)).toThrow(
      'Content-Range: bytes 13631488-14296893/* is incompatible with Content-Length: 665405',
    );
  });

  test.each([
    'bytes 909994937-909994936/*',
    '0-3/*',
    'bytes=0-3/*',
    'bytes= 0-3/*',
    'bytes0-3/*',
    'bytes 0-3',
    'bytes -3/*',
    'bytes 0-3/x',
    '',
  ])('is not "%s"', (text) => {
    expect(() => place(text)).toThrow(`Invalid Content-Range: ${text}`);
  });

  test('is needed', () => {
    expect(() => partRange(callWith({}), 4)).toThrow('Required parameter missing: Content-Range');
  });
});

test('a part size is a power of two of MiB from 1 MiB to 4 GiB', () => {
  const size = (text: string) => partSize(callWith({ 'x-amz-part-size': text }));
  for (let bytes = MIB; bytes <= 4 * GIB; bytes *= 2) expect(size(String(bytes))).toBe(bytes);
  for (const text of ['0', '-1', String(3 * MIB), String(8 * GIB), 'x', '1048576.5', '']) {
    expect(() => size(text)).toThrow(`Invalid part size: ${text}. Part size must not be null, must be a power of two`);
  }
  expect(() => partSize(callWith({}))).toThrow('Invalid part size: 0. ');
});

test('the size of an archive is a whole number', () => {
  const size = (text: string) => archiveSize(callWith({ 'x-amz-archive-size': text }));
  expect(size('0')).toBe(0);
  expect(size(String(40_000 * GIB))).toBe(40_000 * GIB);
  for (const text of ['-1', '1.5', '1e3', '']) expect(() => size(text)).toThrow(`Invalid x-amz-archive-size: ${text}`);
  expect(() => archiveSize(callWith({}))).toThrow('Required parameter missing: x-amz-archive-size');
});
