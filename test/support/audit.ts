import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestServer } from './server.ts';
import { until } from './wire.ts';

/** A record of the audit log, as far as tests look into it. */
export interface AuditRecord {
  userIdentity: Record<string, string>;
  eventTime: string;
  eventSource: string;
  eventName: string;
  sourceIPAddress?: string;
  userAgent?: string;
  errorCode?: string;
  errorMessage?: string;
  // biome-ignore lint/suspicious/noExplicitAny: every operation has others
  requestParameters: Record<string, any> | null;
  responseElements: Record<string, string> | null;
  requestID: string;
  eventID: string;
  readOnly: boolean;
  recipientAccountId?: string;
}

export const auditPath = ({ dataDir }: TestServer): string => join(dataDir, 'audit', 'audit.log');

/** The records that are there now. */
export function auditRecordsNow(server: TestServer): AuditRecord[] {
  const lines = readFileSync(auditPath(server), 'utf8').split('\n');
  expectLineEnd(lines.pop());
  return lines.map((line) => JSON.parse(line) as AuditRecord);
}

/** Those that are wanted, once there is one: records are written a moment after the answer. */
export async function auditRecords(
  server: TestServer,
  wanted: (record: AuditRecord) => boolean,
): Promise<AuditRecord[]> {
  let found: AuditRecord[] = [];
  await until(() => {
    found = auditRecordsNow(server).filter(wanted);
    return found.length > 0;
  });
  return found;
}

function expectLineEnd(rest: string | undefined): void {
  if (rest !== '') throw new Error(`the audit log ends in half a line: ${rest}`);
}
