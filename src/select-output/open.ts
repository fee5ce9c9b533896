import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { DiskOutput } from './disk.ts';
import { S3Output } from './s3.ts';
import type { SelectOutput } from './select-output.ts';

/** Opens the sink that the settings name. `dataDir` is the real path. */
export async function openSelectOutput(
  { selectOutput, region, accountId }: Pick<Config, 'selectOutput' | 'region' | 'accountId'>,
  dataDir: string,
): Promise<SelectOutput> {
  if (selectOutput.provider === 'disk') return DiskOutput.open(join(dataDir, 'select-output'));
  const { accounts, ...place } = selectOutput;
  return new S3Output({
    place: { ...place, region: place.region ?? region },
    access: { firstAccountId: accountId, accounts },
  });
}
