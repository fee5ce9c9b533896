import { Archives } from './archives.ts';
import type { Arrangement } from './arrangement.ts';
import { Jobs } from './jobs.ts';
import { Uploads } from './uploads.ts';
import { Vaults } from './vaults.ts';

/** The rules, one object per noun: what the entrances may ask of the server. */
export interface Core {
  vaults: Vaults;
  archives: Archives;
  uploads: Uploads;
  jobs: Jobs;
}

/** `onJobStarted` is called for every new job, so that the workers need not poll. */
export function createCore(given: Arrangement, { onJobStarted }: { onJobStarted: () => void }): Core {
  const vaults = new Vaults(given);
  return {
    vaults,
    archives: new Archives(given, vaults),
    uploads: new Uploads(given, vaults),
    jobs: new Jobs(given, vaults, onJobStarted),
  };
}
