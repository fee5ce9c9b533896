import type { Arrangement } from '../core/arrangement.ts';
import type { Swept } from './sweep.ts';

/** Keeps trusted time, so that the next run need not take the wall clock's word for what this one has lived through. */
export async function keepTime({ retention }: Arrangement): Promise<Swept> {
  await retention.save();
  return { done: 0, more: false };
}
