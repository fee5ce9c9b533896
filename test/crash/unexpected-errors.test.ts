import { once } from 'node:events';
import { expect, test } from 'vitest';
import { startServer } from '../support/server.ts';

/** An error that comes out of nowhere, at a signal. */
const ERRORS = {
  'an exception that nobody catches': "throw new Error('out of nowhere')",
  'a rejection that nobody takes': "Promise.reject(new Error('out of nowhere'))",
};

test.each(Object.entries(ERRORS))('F-43 %s ends the process, which says why', async (_, error) => {
  const source = `import { isMainThread } from 'node:worker_threads';
    if (isMainThread) process.on('SIGUSR2', () => { ${error}; });`;
  const module = `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`;
  await using server = await startServer({ env: { NODE_OPTIONS: `--import=${module}` } });
  const ended = once(server.child, 'close');
  server.child.kill('SIGUSR2');
  expect(await ended).toEqual([1, null]);
  expect(server.stderr()).toMatch(/"level":"fatal".*out of nowhere.*"ending because of an unexpected error"/);
});
