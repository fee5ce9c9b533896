import { isAbsolute, relative, resolve } from 'node:path';
import type { Serving } from '../model/serving.ts';
import type { AuditLogConfig, Config } from './config.ts';
import { ConfigError } from './errors.ts';
import type { SettingName } from './settings.ts';

/** The settings that somebody gave, and where: `--region`, `MORAINE_REGION` or `region in moraine.yaml`. */
export type Origins = ReadonlyMap<SettingName, string>;

/** What a server with this configuration leaves on record for commands that run without it. */
export function servingOf({ accountId, region, auditLog, dataDir, ...config }: Config): Serving {
  const mirror = config.mirror ?? null;
  if (auditLog === undefined) return { accountId, region, mirror, auditLog: null };
  const within = relative(dataDir, auditLog.path);
  const outside = within.startsWith('..') || isAbsolute(within);
  return { accountId, region, mirror, auditLog: { ...auditLog, path: outside ? auditLog.path : within } };
}

/** What to tell the operator of a server that is not started as the last one was, which may be a slip; else undefined. */
export function servedOtherwise(before: Serving | undefined, { accountId, region }: Config): string | undefined {
  const changes = [
    ['--account-id', before?.accountId, accountId],
    ['--region', before?.region, region],
  ].filter(([, was, is]) => was !== undefined && was !== is);
  if (changes.length === 0) return undefined;
  const said = changes.map(([flag, was, is]) => `${flag} is ${is} and was ${was}`).join(', ');
  return `the server is started otherwise than before: ${said}; the vaults and policies of before keep their ARNs`;
}

/**
 * The configuration of a command that runs in the place of the server: the first account, the region, the mirror and the
 * audit log are the server's. ConfigError when there never was one, or when the command was told something else: in another region no
 * policy of a vault can be read, and another first account would be a stranger.
 */
export function asServed(
  config: Config,
  { serving, origins }: { serving: Serving | undefined; origins: Origins },
): Config {
  if (serving === undefined) {
    throw new ConfigError(
      `no server has served the data directory ${config.dataDir} since accounts are kept in it; ` +
        'start `moraine serve` on it once',
    );
  }
  const { accountId, region } = serving;
  refuseOther(origins.get('account-id'), { told: config.accountId, served: accountId });
  refuseOther(origins.get('region'), { told: config.region, served: region });
  const mirror = mirrorOf(config, { serving, origins });
  return { ...config, accountId, region, mirror, auditLog: auditLogOf(config, { serving, origins }) };
}

/** The mirror that the command was told of, else that of the server: one that is forgotten would look damaged, or be left behind. */
export function mirrorOf(
  { mirror }: Config,
  { serving, origins }: { serving: Serving | undefined; origins: Origins },
): string | undefined {
  return origins.has('mirror') ? mirror : (serving?.mirror ?? undefined);
}

function refuseOther(origin: string | undefined, { told, served }: { told: string; served: string }): void {
  if (origin === undefined || told === served) return;
  throw new ConfigError(`${origin} is ${told}, but the server of this data directory was started with ${served}`);
}

/** What the command was told about the audit log counts, member by member. */
function auditLogOf(
  { auditLog, dataDir }: Config,
  { serving, origins }: { serving: Serving; origins: Origins },
): AuditLogConfig | undefined {
  const served = serving.auditLog;
  if (origins.has('audit-log')) return auditLog;
  if (served === null) return undefined;
  return {
    path: resolve(dataDir, served.path),
    fileBytesMax: (origins.has('audit-log-size') ? auditLog?.fileBytesMax : undefined) ?? served.fileBytesMax,
    filesMax: (origins.has('audit-log-files') ? auditLog?.filesMax : undefined) ?? served.filesMax,
  };
}
