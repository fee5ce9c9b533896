import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderReference } from './reference.ts';

test('docs/configuration.md is what `npm run docs:configuration` prints', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  expect(page).toBe(renderReference());
});
