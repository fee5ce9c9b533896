import { auditRecord } from '../telemetry/audit-record.ts';
import type { CommandRecord } from './run.ts';

/** What the audit log tells of a command: the same record as of a request, from another entrance. */
const SOURCE = 'admin.moraine';
const ERROR_CODES = { refused: 'Refused', failed: 'Failed' } as const;
const SERVER_FAULT = 'The command failed; the log says why.';

/** Whoever may write to the data directory is the operator; nobody knows more of who it was. */
export function commandEvent(
  { command, input, outcome, refusal, named }: CommandRecord,
  { nowMs, region }: { nowMs: number; region: string },
): object {
  return auditRecord({
    identity: { type: 'Operator' },
    atMs: nowMs,
    source: SOURCE,
    name: command,
    region,
    sourceIp: undefined,
    userAgent: undefined,
    ...(outcome === 'done' ? {} : { error: { code: ERROR_CODES[outcome], message: refusal ?? SERVER_FAULT } }),
    parameters: input,
    elements: named ?? null,
    requestId: undefined,
    readOnly: false,
    recipientAccountId: undefined,
  });
}
