import { describe, expect, test } from 'vitest';
import { pathSegments, splitTarget } from '../sigv4/path.ts';
import { operations } from './operations/index.ts';
import { createRouter } from './route.ts';

const route = createRouter(operations);
const found = (method: string, target: string) => {
  const { path, query } = splitTarget(target);
  const { operation, parameters } = route({ method, segments: pathSegments(path), query: new URLSearchParams(query) });
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
    ['DELETE', '/-/vaults/a/tags?operation=remove'],
    ['POST', '/-/vaults/a/tag?operation=add'],
  ])('%s %s is no operation', (method, path) => {
    expect(() => found(method, path)).toThrow(error('UnknownOperationException'));
  });

  test('tells operations of one path apart by the query, and minds no other parameter', () => {
    const tags = '/-/vaults/v/tags';
    const parameters = { accountId: '-', vaultName: 'v' };
    expect(found('POST', `${tags}?operation=add`)).toEqual(['AddTagsToVault', parameters]);
    expect(found('POST', `${tags}?x=y&operation=%72emove&add=`)).toEqual(['RemoveTagsFromVault', parameters]);
    expect(found('GET', `${tags}?operation=add`)).toEqual(['ListTagsForVault', parameters]);
    expect(found('GET', '/-/vaults?operation=remove')).toEqual(['ListVaults', { accountId: '-' }]);
  });

  test.each(['', '?', '?operation', '?operation=', '?Operation=add', '?add'])('tags%s lacks its operation', (query) => {
    const refusal = { code: 'MissingParameterValueException', message: 'Required parameter missing: operation' };
    expect(() => found('POST', `/-/vaults/v/tags${query}`)).toThrow(expect.objectContaining(refusal));
  });

  test.each(['ADD', 'add ', 'list', '__proto__'])('tags?operation=%s is no operation', (value) => {
    const message = `Invalid operation: ${value}. It must be one of add, remove.`;
    expect(() => found('POST', `/-/vaults/v/tags?operation=${encodeURIComponent(value)}`)).toThrow(
      expect.objectContaining({ code: 'InvalidParameterValueException', message }),
    );
  });

  test.each(['%', '%zz', '%ff', '%c3', 'a%2'])('the segment %s is a BadRequest', (segment) => {
    expect(() => found('GET', `/-/vaults/${segment}`)).toThrow(error('BadRequest'));
  });
});
