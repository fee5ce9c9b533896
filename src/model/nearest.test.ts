import { expect, test } from 'vitest';
import { nearest } from './nearest.ts';

test.each([
  ['lisen', 'listen'],
  ['listenn', 'listen'],
  ['lixten', 'listen'],
  ['reigon', 'region'],
  ['regoin', 'region'],
  ['tsl', undefined],
  ['tl', 'tls'],
  ['', undefined],
  ['something', undefined],
  ['Region', 'region'],
  ['REGION', undefined],
])('%j is near %j', (word, meant) => {
  expect(nearest(word, ['listen', 'region', 'tls'])).toBe(meant);
});

test('of two that are equally near, the first is meant', () => {
  expect(nearest('bat', ['cat', 'hat'])).toBe('cat');
});

test('a third of the word may be wrong, not counting what is sure', () => {
  expect(nearest('aws:abcXYZ', ['aws:abcdef'])).toBe('aws:abcdef');
  expect(nearest('aws:abcXYZ', ['aws:abcdef'], { sureLength: 'aws:'.length })).toBeUndefined();
  expect(nearest('aws:abcdYZ', ['aws:abcdef'], { sureLength: 'aws:'.length })).toBe('aws:abcdef');
});

test('case may be no difference', () => {
  expect(nearest('STRINGEQUAL', ['StringEquals'])).toBeUndefined();
  expect(nearest('STRINGEQUAL', ['StringEquals'], { ignoreCase: true })).toBe('StringEquals');
});
