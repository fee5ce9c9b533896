const TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?$/;
const CERTIFICATE_FILE = /^SimpleNotificationService-[0-9a-f]{32}\.pem$/;

/** Whether a text is the ARN of an SNS topic. Whether there is such a topic, nobody asks before a message goes to it. */
export const isTopicArn = (text: string): boolean => TOPIC_ARN.test(text);

/** Where the pages for receivers of messages are, below the public URL. */
export const TOPIC_PAGES = '/sns/';

/** The file of a certificate among these pages; receivers know the form of the name from Amazon. */
export const certificateFileName = (fingerprint: string): string => `SimpleNotificationService-${fingerprint}.pem`;

/** Whether a name has the form of those. */
export const isCertificateFileName = (name: string): boolean => CERTIFICATE_FILE.test(name);
