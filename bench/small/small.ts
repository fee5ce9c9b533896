import type { Row } from '../report.ts';
import { served } from './served.ts';
import { stored } from './stored.ts';

/** Small archives, durable, held against one file for each: of the store alone, and of the whole server. */
export async function small(options: { quick: boolean }): Promise<Row[]> {
  return [...(await stored(options)), ...(await served(options))];
}
