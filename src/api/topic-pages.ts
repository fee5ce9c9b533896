import type { Topics } from '../core/topics.ts';
import { GlacierError } from '../model/errors.ts';
import { certificateFileName, isCertificateFileName, TOPIC_PAGES } from '../model/topics.ts';
import type { Reply } from './reply.ts';

/**
 * The pages that messages to webhooks name, for receivers: they confirm and end subscriptions as SNS's do, and hold the
 * certificate. They need no signature: a token or the ARN of a subscription, neither of which can be guessed, says enough.
 */
interface Request {
  method?: string | undefined;
  url?: string | undefined;
}

const NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/';
const NOT_IN_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;
const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** The page, or undefined when the request is for none of them. */
export async function findTopicPage(
  topics: Topics,
  requestId: string,
  { method, url = '' }: Request,
): Promise<Required<Reply> | undefined> {
  const [path = '', query = ''] = url.split('?', 2);
  if (!path.startsWith(TOPIC_PAGES) || method !== 'GET') return undefined;
  if (path !== TOPIC_PAGES) return certificatePage(topics, path.slice(TOPIC_PAGES.length));
  try {
    return await act(topics, requestId, new URLSearchParams(query));
  } catch (error) {
    if (!(error instanceof GlacierError)) throw error;
    const isMissing = error.code === 'ResourceNotFoundException';
    return refusal(requestId, {
      status: isMissing ? 404 : 400,
      code: isMissing ? 'NotFound' : 'InvalidParameter',
      message: error.message,
    });
  }
}

async function act(topics: Topics, requestId: string, query: URLSearchParams): Promise<Required<Reply>> {
  const member = (name: string): string => query.get(name) ?? '';
  const action = member('Action');
  const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
  if (action === 'ConfirmSubscription') {
    const { arn } = await topics.confirm({ topic: member('TopicArn'), token: member('Token') });
    const result = `<${action}Result><SubscriptionArn>${escaped(arn)}</SubscriptionArn></${action}Result>`;
    return xml(200, `<${action}Response xmlns="${NAMESPACE}">${result}${metadata}</${action}Response>`);
  }
  if (action === 'Unsubscribe') {
    await topics.unsubscribe({ arn: member('SubscriptionArn') });
    return xml(200, `<${action}Response xmlns="${NAMESPACE}">${metadata}</${action}Response>`);
  }
  return refusal(requestId, { status: 400, code: 'InvalidAction', message: 'The action is not one of this page.' });
}

async function certificatePage(topics: Topics, fileName: string): Promise<Required<Reply> | undefined> {
  // Anybody may ask: that neither reads a file for a name of another form nor makes a key.
  const found = isCertificateFileName(fileName) ? await topics.findCertificate() : undefined;
  if (found === undefined || fileName !== certificateFileName(found.fingerprint)) return undefined;
  return {
    status: 200,
    headers: [],
    content: { kind: 'text', contentType: 'application/x-pem-file', text: found.certificatePem },
  };
}

function refusal(
  requestId: string,
  { status, code, message }: { status: number; code: string; message: string },
): Required<Reply> {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${escaped(message)}</Message></Error>`;
  return xml(status, `<ErrorResponse xmlns="${NAMESPACE}">${error}<RequestId>${requestId}</RequestId></ErrorResponse>`);
}

const xml = (status: number, text: string): Required<Reply> => ({
  status,
  headers: [['Cache-Control', 'no-store']],
  content: { kind: 'text', contentType: 'text/xml', text: `${text}\n` },
});

/** Text for XML, without the characters that XML 1.0 cannot hold. */
const escaped = (text: string): string =>
  text.replaceAll(NOT_IN_XML, '').replaceAll(/[&<>]/g, (character) => ESCAPES[character] ?? '');
