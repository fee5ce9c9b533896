import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { chooseFrameWork } from '../../src/frames/choose.ts';

const BUILD = join(import.meta.dirname, '..', '..', 'tools', 'build-native.cjs');
let reason: string | null | undefined;

/**
 * Builds the addon where it is missing or older than its sources. Returns why it cannot be used here, or null when it can. A
 * reason is printed, so that no run passes in silence.
 */
export function absenceOfNative(): string | null {
  if (reason !== undefined) return reason;
  execFileSync(process.execPath, [BUILD], { stdio: 'ignore' });
  ({ reason } = chooseFrameWork());
  if (reason !== null) console.warn(`not run: tests of the addon: ${reason}`);
  return reason;
}
