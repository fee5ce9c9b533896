import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalPath, pathSegments, splitTarget } from './path.ts';

test.each([
  ['/', '/', ''],
  ['/-/vaults', '/-/vaults', ''],
  ['/-/vaults?limit=1', '/-/vaults', 'limit=1'],
  ['/a?', '/a', ''],
  ['/a?b?c', '/a', 'b?c'],
  ['//evil/a', '//evil/a', ''],
])('cuts %s', (target, path, query) => {
  expect(splitTarget(target)).toEqual({ path, query });
});

test.each(['', '*', 'http://evil/-/vaults', 'evil:443', '?a=b', 'a'])('refuses the target %j', (target) => {
  expect(() => splitTarget(target)).toThrow(expect.objectContaining({ code: 'BadRequest' }));
});

// The canonical forms are those that botocore gives.
test.each([
  ['/', [], '/'],
  ['//', [], '/'],
  ['/.', [], '/'],
  ['/./', [], '/'],
  ['/..', [], '/'],
  ['/../', [], '/'],
  ['/a/.', ['a'], '/a'],
  ['/a/./', ['a', ''], '/a/'],
  ['/a/..', [], '/'],
  ['/a/../', [], '/'],
  ['/a/b/..', ['a'], '/a'],
  ['/a/b/../', ['a', ''], '/a/'],
  ['/../../a', ['a'], '/a'],
  ['/a//b//', ['a', 'b', ''], '/a/b/'],
  ['/a/...', ['a', '...'], '/a/...'],
  ['/%2e%2e/a', ['%2e%2e', 'a'], '/%252e%252e/a'],
  ['/a%2Fb', ['a%2Fb'], '/a%252Fb'],
  ['/a%2fb', ['a%2fb'], '/a%252fb'],
  ['/a%252Fb', ['a%252Fb'], '/a%25252Fb'],
  ['/a+b', ['a+b'], '/a%2Bb'],
  ['/a%20b', ['a%20b'], '/a%2520b'],
  ['/a;b', ['a;b'], '/a%3Bb'],
  ['/%00', ['%00'], '/%2500'],
  ['/%zz', ['%zz'], '/%25zz'],
  ['/%FF', ['%FF'], '/%25FF'],
  ["/!*'()", ["!*'()"], '/%21%2A%27%28%29'],
  ['/a:b', ['a:b'], '/a%3Ab'],
  ['/~x', ['~x'], '/~x'],
  ['/%7Ex', ['%7Ex'], '/%257Ex'],
  ['/a%', ['a%'], '/a%25'],
  ['/\xe1\x88\xb4', ['\xe1\x88\xb4'], '/%E1%88%B4'],
])('S-24 %s', (path, segments, canonical) => {
  expect(pathSegments(path)).toEqual(segments);
  expect(canonicalPath(segments)).toBe(canonical);
});

test('S-24 segments that are routed alike are signed alike, and no others', () => {
  const piece = fc.oneof(fc.constantFrom('', '.', '..', '%2E', '%2F', 'a'), fc.string({ maxLength: 3 }));
  const path = fc.array(piece, { maxLength: 6 }).map((pieces) => `/${pieces.join('/')}`);
  fc.assert(
    fc.property(path, path, (one, other) => {
      const [first, second] = [pathSegments(one), pathSegments(other)];
      expect(canonicalPath(first) === canonicalPath(second)).toBe(JSON.stringify(first) === JSON.stringify(second));
      expect(first).not.toContain('..');
      expect(first).not.toContain('.');
      expect(first.slice(0, -1)).not.toContain('');
    }),
    { numRuns: 500 },
  );
});
