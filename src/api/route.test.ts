import { describe, expect, test } from 'vitest';
import { pathSegments } from '../sigv4/path.ts';
import { operations } from './operations/index.ts';
import { createRouter } from './route.ts';

const route = createRouter(operations);
const found = (method: string, path: string) => {
  const { operation, parameters } = route(method, pathSegments(path));
  return [operation.name, parameters];
};
const error = (code: string) => expect.objectContaining({ code });

describe('the router', () => {
  test('finds each operation by its own route and gives the parts that vary', () => {
    for (const { name, method, path } of operations) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
      const filled = path.replace(/\{(\w+)\}/g, 'some-$1');
      expect(found(method, filled)).toEqual([name, Object.fromEntries(names.map((part) => [part, `some-${part}`]))]);
    }
  });

  test('no two operations share a route', () => {
    const routes = operations.map(({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, '{}')}`);
    expect(new Set(routes).size).toBe(operations.length);
  });

  test('decodes each segment once, and only for use', () => {
    expect(found('GET', '/%2D/vaults/a%2Fb')).toEqual(['DescribeVault', { accountId: '-', vaultName: 'a/b' }]);
    expect(found('GET', '/-/vaults/%252e')).toEqual(['DescribeVault', { accountId: '-', vaultName: '%2e' }]);
    expect(found('GET', '/-/vaults/%2e%2e')).toEqual(['DescribeVault', { accountId: '-', vaultName: '..' }]);
  });

  test.each([
    ['GET', '/'],
    ['GET', '/-/vaults/'],
    ['GET', '/-/vaults/a/b/c/d/e'],
    ['get', '/-/vaults'],
    ['HEAD', '/-/vaults'],
    ['GET', '/-/Vaults'],
    ['GET', '/{accountId}/{vaults}'],
  ])('%s %s is no operation', (method, path) => {
    expect(() => found(method, path)).toThrow(error('UnknownOperationException'));
  });

  test.each(['%', '%zz', '%ff', '%c3', 'a%2'])('the segment %s is a BadRequest', (segment) => {
    expect(() => found('GET', `/-/vaults/${segment}`)).toThrow(error('BadRequest'));
  });
});
