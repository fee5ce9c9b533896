import { statSync } from 'node:fs';
import type { MasterKeyRing } from './blobs/master-key-ring.ts';
import { type Address, formatAddress } from './config/addresses.ts';
import { ConfigError } from './config/errors.ts';
import { version } from './config/version.ts';
import type { Arrangement } from './core/arrangement.ts';
import { examine, type Finding } from './core/doctor.ts';
import { factsOf } from './core/facts.ts';
import { AdminListener } from './telemetry/admin-listener.ts';
import type { Log } from './telemetry/log.ts';
import type { EndedRequest } from './telemetry/metrics.ts';

/** What the doctor is to know of this process; the rest is in the arrangement. */
export function examineHere(given: Arrangement, { dataDir, masterKeys, isServing }: Here): Promise<Finding[]> {
  return examine(given, {
    version: version(),
    isServing,
    dataDir: { path: dataDir, mode: statSync(dataDir).mode & 0o7777 },
    encryption: { encrypts: masterKeys.encrypts, origin: masterKeys.origin, problem: keysProblem(masterKeys) },
  });
}

interface Here {
  dataDir: string;
  masterKeys: MasterKeyRing;
  isServing: boolean;
}

function keysProblem(masterKeys: MasterKeyRing): string | undefined {
  try {
    return masterKeys.problem();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

/** What counts requests and tells programs that watch the server. */
export interface Watching extends AsyncDisposable {
  onRequest: (ended: EndedRequest) => void;
}

/** Starts the admin listener, where there is to be one. Throws ConfigError when it cannot listen there. */
export async function startWatching(
  given: Arrangement,
  { listen, log }: { listen: Address | undefined; log: Log },
): Promise<Watching | undefined> {
  if (listen === undefined) return undefined;
  // Loaded here, so that a server without it starts sooner.
  const { Metrics } = await import('./telemetry/metrics.ts');
  const facts = () => factsOf(given);
  const metrics = new Metrics(facts);
  const isReady = () => given.metadata.answers();
  const listener = await AdminListener.start({ listen, metrics, facts, isReady, log }).catch((cause: Error) => {
    throw new ConfigError(`--admin-listen cannot listen on ${formatAddress(listen)}: ${cause.message}`, { cause });
  });
  log.info({ url: listener.url }, 'the admin listener answers');
  return {
    onRequest: (ended) => metrics.requestEnded(ended),
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}
