import { type Command, Option } from 'commander';
import { SIGNATURE_VERSIONS, type SignatureVersion } from '../model/notices.ts';
import { administer, commandGroup, operatorCommand } from './operator-command.ts';
import { plain, table } from './output.ts';

const TOPIC = 'arn:aws:sns:us-east-1:111122223333:restored';

/** `moraine topics`: who hears of jobs that have ended. */
export function topicsCommand(): Command {
  return commandGroup('topics', {
    description: 'Webhooks that hear what is published to a topic: the ends of the jobs and vaults that name it.',
    commands: [subscribe(), list(), confirm(), unsubscribe(), certificate()],
    examples: [
      `moraine topics subscribe ${TOPIC} https://receiver.example/glacier`,
      'moraine topics list',
      'moraine topics certificate > pinned.pem',
    ],
  });
}

function subscribe(): Command {
  const command = operatorCommand({
    usage: 'subscribe <topic> <url>',
    description: 'Subscribe a webhook. It hears nothing before it has confirmed the message that it is sent now.',
    examples: [`moraine topics subscribe ${TOPIC} https://receiver.example/glacier`],
  }).addOption(
    new Option('--signature-version <version>', 'what messages are signed over: 2 is SHA-256, 1 is SHA-1')
      .choices(SIGNATURE_VERSIONS)
      .default('2'),
  );
  return command.action((topic: string, url: string) =>
    administer(command, {
      name: 'topics.subscribe',
      input: { topic, url, signatureVersion: command.opts<{ signatureVersion: SignatureVersion }>().signatureVersion },
      render: ({ arn }) => `subscription ${arn} awaits the confirmation of its receiver`,
    }),
  );
}

function list(): Command {
  const command = operatorCommand({
    usage: 'list [topic]',
    description: 'List the subscriptions, all of them or those of a topic.',
    examples: ['moraine topics list', `moraine topics list ${TOPIC} --json`],
  });
  return command.action((topic: string | undefined) =>
    administer(command, {
      name: 'topics.list',
      input: { topic },
      render: ({ subscriptions }) =>
        table(
          subscriptions,
          {
            SUBSCRIPTION: ({ arn }) => arn,
            CONFIRMED: ({ confirmedAt }) => confirmedAt,
            SIGNATURE: ({ signatureVersion }) => signatureVersion,
            URL: ({ url }) => url,
          },
          'there are no subscriptions',
        ),
    }),
  );
}

function confirm(): Command {
  const command = operatorCommand({
    usage: 'confirm <topic> <token>',
    description: 'Confirm a subscription for a receiver that cannot, by the token that it was sent.',
    examples: [`moraine topics confirm ${TOPIC} 2336412f37...`],
  });
  return command.action((topic: string, token: string) =>
    administer(command, {
      name: 'topics.confirm',
      input: { topic, token },
      render: ({ arn }) => `subscription ${arn} is confirmed`,
    }),
  );
}

function unsubscribe(): Command {
  const command = operatorCommand({
    usage: 'unsubscribe <arn>',
    description: 'End a subscription. What is on its way to it is dropped.',
    examples: [`moraine topics unsubscribe ${TOPIC}:6a2f0f5e-0c5e-4c0e-8d6f-1f6f5a2b3c4d`],
  });
  return command.action((arn: string) =>
    administer(command, {
      name: 'topics.unsubscribe',
      input: { arn },
      render: () => `subscription ${plain(arn)} has ended`,
    }),
  );
}

function certificate(): Command {
  const command = operatorCommand({
    usage: 'certificate',
    description: 'Print the certificate that messages are signed with, for receivers to pin.',
    examples: ['moraine topics certificate > pinned.pem'],
  });
  return command.action(() =>
    administer(command, {
      name: 'topics.certificate',
      input: {},
      render: ({ certificatePem }) => certificatePem.trimEnd(),
    }),
  );
}
