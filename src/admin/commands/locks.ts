import { z } from 'zod';
import { adminCommand } from '../command.ts';

const nothing = z.strictObject({});

/** Vault locks as they were recorded, and the clock that they go by. None of these changes a lock that holds. */
export const lockCommands = {
  'locks.list': adminCommand({
    input: nothing,
    mutating: false,
    run: ({ core }) => core.locks.list(),
  }),
  'locks.repair': adminCommand({
    input: nothing,
    mutating: true,
    run: ({ core }) => core.locks.repair(),
  }),
  'locks.release-orphans': adminCommand({
    input: nothing,
    mutating: true,
    run: ({ core }) => core.locks.releaseOrphans(),
  }),
  'clock.show': adminCommand({
    input: nothing,
    mutating: false,
    run: async ({ core }) => core.retention.show(),
  }),
  'clock.confirm': adminCommand({
    input: nothing,
    mutating: true,
    run: ({ core }) => core.retention.confirm(),
  }),
};
