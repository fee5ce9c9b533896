import { randomUUID } from 'node:crypto';
import { formatInstantSeconds } from '../model/instants.ts';

/**
 * One event in the shape of an AWS CloudTrail record, so that what reads those can read ours. The members and their order
 * are those of CloudTrail's page "Record contents"; the values never hold a secret: whoever makes an event sees to that.
 */
export interface AuditEvent {
  identity: UserIdentity;
  atMs: number;
  /** The entrance: `glacier.amazonaws.com` for the API. */
  source: string;
  /** The operation, as in `glacier:<name>`, or the command. */
  name: string;
  region: string;
  sourceIp: string | undefined;
  userAgent: string | undefined;
  error?: { code: string; message: string };
  /** Null when there were none. */
  parameters: object | null;
  /** What the answer told; null when it told nothing. */
  elements: object | null;
  requestId: string | undefined;
  readOnly: boolean;
  /** Whose vaults the event is about; undefined when that is not known. */
  recipientAccountId: string | undefined;
  /** What else there is to say. */
  note?: string;
}

/** Who did it, by the words of CloudTrail. */
export interface UserIdentity {
  type: 'Root' | 'IAMUser' | 'AssumedRole' | 'FederatedUser' | 'Operator' | 'Unknown';
  principalId?: string;
  arn?: string;
  accountId?: string;
  accessKeyId?: string;
  userName?: string;
  sessionContext?: object;
}

const VERSION = '1.11';

/** The record of an event, ready to be written. */
export function auditRecord(event: AuditEvent): object {
  const { error, note } = event;
  return {
    eventVersion: VERSION,
    userIdentity: event.identity,
    eventTime: formatInstantSeconds(event.atMs),
    eventSource: event.source,
    eventName: event.name,
    awsRegion: event.region,
    sourceIPAddress: event.sourceIp,
    userAgent: event.userAgent,
    ...(error && { errorCode: error.code, errorMessage: error.message }),
    requestParameters: event.parameters,
    responseElements: event.elements,
    ...(note !== undefined && { additionalEventData: { note } }),
    requestID: event.requestId,
    eventID: randomUUID(),
    readOnly: event.readOnly,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: event.recipientAccountId,
    eventCategory: 'Management',
  };
}
