import { rootCaller } from '../../src/core/callers.ts';
import { DEFAULT_CSV_INPUT, DEFAULT_CSV_OUTPUT, type OutputLocation } from '../../src/model/select.ts';
import { VAULT } from './arrangement.ts';

/** Queries as the rules are asked to run them. */
export const CIRCUMSTANCES = { secureTransport: true, sourceIp: '127.0.0.1' };
export const ROOT = {
  caller: rootCaller({ accessKeyId: 'AKIAROOT', accountId: VAULT.accountId }),
  circumstances: CIRCUMSTANCES,
};

export const LOCATION: OutputLocation = {
  bucketName: 'results',
  prefix: 'p/q',
  settings: { encryption: null, cannedAcl: null, grants: [], tags: [], metadata: [], storageClass: 'STANDARD' },
};

export function askedQuery(archiveId: string, expression = 'SELECT * FROM archive') {
  return {
    vault: VAULT,
    description: null,
    snsTopic: null,
    asker: ROOT,
    archiveId,
    tier: 'Standard' as const,
    query: { expression, input: DEFAULT_CSV_INPUT, output: DEFAULT_CSV_OUTPUT },
    output: LOCATION,
    sent: {
      selectParameters: JSON.stringify({ Expression: expression, ExpressionType: 'SQL' }),
      outputLocation: JSON.stringify({ S3: { BucketName: LOCATION.bucketName, Prefix: LOCATION.prefix } }),
    },
  };
}
