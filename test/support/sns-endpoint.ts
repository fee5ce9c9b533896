import { randomUUID } from 'node:crypto';
import { type Answer, type Received, type Receiver, startReceiver } from './receiver.ts';

/** What was published to an SNS endpoint of the project's own, which speaks the Query protocol as far as Publish. */
export interface Published {
  topic: string;
  message: string;
  groupId: string | null;
  deduplicationId: string | null;
  authorization: string;
  atMs: number;
}

export interface SnsEndpoint extends Receiver {
  published(): Published[];
}

const NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/';

/** Answers a Publish as SNS does, and everything else as SNS refuses it. */
export const takePublication: Answer = ({ body, headers }, response) => {
  const form = new URLSearchParams(body);
  const problem =
    headers.authorization === undefined
      ? 'MissingAuthenticationToken'
      : form.get('Action') !== 'Publish' || form.get('Version') !== '2010-03-31'
        ? 'InvalidAction'
        : undefined;
  const id = `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata>`;
  response
    .writeHead(problem === undefined ? 200 : 400, { 'Content-Type': 'text/xml' })
    .end(
      problem === undefined
        ? `<PublishResponse xmlns="${NAMESPACE}"><PublishResult><MessageId>${randomUUID()}</MessageId></PublishResult>${id}</PublishResponse>`
        : `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${problem}</Code><Message>no</Message></Error></ErrorResponse>`,
    );
};

export async function startSnsEndpoint({ port = 0 }: { port?: number } = {}): Promise<SnsEndpoint> {
  const receiver = await startReceiver({ port });
  receiver.answer = takePublication;
  return Object.assign(receiver, { published: () => receiver.received.map(read) });
}

function read({ body, headers, atMs }: Received): Published {
  const form = new URLSearchParams(body);
  return {
    topic: form.get('TopicArn') ?? '',
    message: form.get('Message') ?? '',
    groupId: form.get('MessageGroupId'),
    deduplicationId: form.get('MessageDeduplicationId'),
    authorization: headers.authorization ?? '',
    atMs,
  };
}
