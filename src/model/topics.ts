const TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?$/;

/** Whether a text is the ARN of an SNS topic. Whether there is such a topic, nobody asks before a message goes to it. */
export const isTopicArn = (text: string): boolean => TOPIC_ARN.test(text);
