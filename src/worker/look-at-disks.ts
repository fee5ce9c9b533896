import type { Arrangement } from '../core/arrangement.ts';
import type { Swept } from './sweep.ts';

/** Keeps what is known of the disks and of the clock fresh where no upload asks for it. */
export async function lookAtDisks({ space, health, retention }: Arrangement): Promise<Swept> {
  health.set('clock', retention.isSuspect);
  await space.look();
  return { done: 0, more: false };
}
