import { defineConfig } from 'vitest/config';

const ACCEPTANCE_TIMEOUT_MS = 120_000;
const RULES = ['src/{core,worker}/**/*.test.ts', 'src/**/*.large.test.ts'];
/**
 * Far more than a test takes, because many wait for an fsync, which on a busy disk takes seconds. Properties are tried with many
 * more cases where the whole is run.
 */
const UNIT_TIMEOUT_MS = process.env.MORAINE_TEST_FAULTS === 'whole' ? 600_000 : 30_000;
/**
 * The same for all projects, which vitest runs as one group then: it refuses a group whose projects differ, and left to
 * itself it takes as many workers as there are processors but one, and on two processors runs such files one by one.
 */
const WORKERS = { maxWorkers: 2 };

/** The projects: unit and rules beside the source, one contract suite per port, acceptance and crash against a real process. */
export default defineConfig({
  test: {
    projects: [
      // Not isolated: unit tests leave nothing behind, and a process for each file takes longer than its tests.
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/*.test.ts'],
          exclude: RULES,
          isolate: false,
          ...WORKERS,
          testTimeout: UNIT_TIMEOUT_MS,
        },
      },
      // The rules stand on real stores: whole lives of vaults, jobs and messages, beside their source like unit tests. With them
      // is what takes a unit test long: megabytes and millions of something.
      { test: { name: 'rules', include: RULES, isolate: false, ...WORKERS, testTimeout: UNIT_TIMEOUT_MS } },
      {
        test: { name: 'contracts', include: ['test/contracts/**/*.test.ts'], ...WORKERS, testTimeout: UNIT_TIMEOUT_MS },
      },
      {
        test: {
          name: 'acceptance',
          include: ['test/acceptance/**/*.test.ts'],
          ...WORKERS,
          testTimeout: ACCEPTANCE_TIMEOUT_MS,
          hookTimeout: ACCEPTANCE_TIMEOUT_MS,
        },
      },
      {
        test: {
          name: 'crash',
          include: ['test/crash/**/*.test.ts'],
          ...WORKERS,
          testTimeout: ACCEPTANCE_TIMEOUT_MS,
          hookTimeout: ACCEPTANCE_TIMEOUT_MS,
        },
      },
    ],
  },
});
