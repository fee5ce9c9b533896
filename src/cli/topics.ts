import { type Command, Option } from 'commander';
import { SIGNATURE_VERSIONS, type SignatureVersion } from '../model/notices.ts';
import { readWord } from './document.ts';
import { type AnswerOf, administer, commandGroup, operatorCommand } from './operator-command.ts';
import { plain, table } from './output.ts';

const TOPIC = 'arn:aws:sns:us-east-1:111122223333:jobs';

/** `moraine topics`: webhooks that hear of the ends of jobs. */
export function topicsCommand(): Command {
  return commandGroup('topics', {
    description: 'Webhooks that are told what is published to the topics of vaults and jobs.',
    commands: [subscribe(), list(), confirm(), unsubscribe(), certificate()],
    examples: [
      `moraine topics subscribe --topic ${TOPIC} --url https://example.com/jobs`,
      'moraine topics list',
      'moraine topics certificate',
    ],
  });
}

function subscribe(): Command {
  const command = operatorCommand({
    usage: 'subscribe',
    description: 'Have what is published to a topic sent to a URL, once it has confirmed that it wants to.',
    examples: [`moraine topics subscribe --topic ${TOPIC} --url https://example.com/jobs --signature-version 1`],
  })
    .requiredOption('--topic <arn>', 'the topic')
    .requiredOption('--url <url>', 'where messages are sent; - reads stdin, for a URL with a secret in it')
    .addOption(
      new Option('--signature-version <version>', 'what messages are signed with: 2 is SHA-256, 1 SHA-1')
        .choices(SIGNATURE_VERSIONS)
        .default('2'),
    );
  return command.action(async () => {
    const input = command.opts<{ topic: string; url: string; signatureVersion: SignatureVersion }>();
    const { topic, signatureVersion } = input;
    const url = await readWord(input.url);
    await administer(command, {
      name: 'topics.subscribe',
      input: { topic, url, signatureVersion },
      render: ({ arn }) => `${arn}\n${plain(url)} is being asked to confirm`,
    });
  });
}

type Subscription = AnswerOf<'topics.list'>['subscriptions'][number];

const COLUMNS: Record<string, (subscription: Subscription) => string> = {
  SUBSCRIPTION: ({ arn }) => arn,
  URL: ({ url }) => url,
  SIGNATURE: ({ signatureVersion }) => signatureVersion,
  STATE: ({ confirmedAt }) => (confirmedAt === null ? 'waits to be confirmed' : `confirmed at ${confirmedAt}`),
};

function list(): Command {
  const command = operatorCommand({
    usage: 'list',
    description: 'List the subscriptions, oldest first.',
    examples: [`moraine topics list --topic ${TOPIC}`],
  }).option('--topic <arn>', 'only those of this topic');
  return command.action(() =>
    administer(command, {
      name: 'topics.list',
      input: { topic: command.opts<{ topic?: string }>().topic },
      render: ({ subscriptions }) => table(subscriptions, COLUMNS, 'no subscriptions'),
    }),
  );
}

function confirm(): Command {
  const command = operatorCommand({
    usage: 'confirm',
    description: 'Confirm a subscription in the place of its receiver, by the token that it was sent.',
    examples: [`moraine topics confirm --topic ${TOPIC} --token -`],
  })
    .requiredOption('--topic <arn>', 'the topic')
    .requiredOption('--token <token>', 'the Token of the message that the URL was sent; - reads stdin');
  return command.action(async () => {
    const { topic, ...given } = command.opts<{ topic: string; token: string }>();
    const token = await readWord(given.token);
    await administer(command, {
      name: 'topics.confirm',
      input: { topic, token },
      render: ({ arn, url }) => `${arn}\n${plain(url)} is confirmed`,
    });
  });
}

function unsubscribe(): Command {
  const command = operatorCommand({
    usage: 'unsubscribe <arn>',
    description: 'End a subscription. What is on its way to it is dropped.',
    examples: [`moraine topics unsubscribe ${TOPIC}:0f0e1d2c-3b4a-4958-8776-655443322110`],
  });
  return command.action((arn: string) =>
    administer(command, {
      name: 'topics.unsubscribe',
      input: { arn },
      render: () => `subscription ${plain(arn)} is ended`,
    }),
  );
}

function certificate(): Command {
  const command = operatorCommand({
    usage: 'certificate',
    description: 'Print the certificate that messages are signed with, for receivers to trust.',
    examples: ['moraine topics certificate > moraine-topics.pem'],
  });
  return command.action(() =>
    administer(command, {
      name: 'topics.certificate',
      input: {},
      render: ({ certificatePem }) => certificatePem.trimEnd(),
    }),
  );
}
