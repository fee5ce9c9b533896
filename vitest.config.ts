import { defineConfig } from 'vitest/config';

const ACCEPTANCE_TIMEOUT_MS = 120_000;

/** The projects: unit beside the source, one contract suite per port, acceptance and crash against a real process. */
export default defineConfig({
  test: {
    projects: [
      // Not isolated: unit tests leave nothing behind, and a process for each file takes longer than its tests.
      { test: { name: 'unit', include: ['src/**/*.test.ts', 'test/*.test.ts'], isolate: false, maxWorkers: 2 } },
      { test: { name: 'contracts', include: ['test/contracts/**/*.test.ts'] } },
      {
        test: {
          name: 'acceptance',
          include: ['test/acceptance/**/*.test.ts'],
          maxWorkers: 2,
          testTimeout: ACCEPTANCE_TIMEOUT_MS,
          hookTimeout: ACCEPTANCE_TIMEOUT_MS,
        },
      },
      {
        test: {
          name: 'crash',
          include: ['test/crash/**/*.test.ts'],
          testTimeout: ACCEPTANCE_TIMEOUT_MS,
          hookTimeout: ACCEPTANCE_TIMEOUT_MS,
        },
      },
    ],
  },
});
