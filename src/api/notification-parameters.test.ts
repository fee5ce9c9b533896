import { describe, expect, test } from 'vitest';
import { parseNotificationConfiguration } from './notification-parameters.ts';

const SNSTopic = 'arn:aws:sns:us-east-1:111122223333:topic';
const ARCHIVE = 'ArchiveRetrievalCompleted';
const INVENTORY = 'InventoryRetrievalCompleted';

describe('the body of SetVaultNotifications', () => {
  test.each([
    [[ARCHIVE], [ARCHIVE]],
    [
      [INVENTORY, ARCHIVE],
      [INVENTORY, ARCHIVE],
    ],
    [
      [INVENTORY, ARCHIVE, INVENTORY],
      [INVENTORY, ARCHIVE],
    ],
  ])('keeps the events of %j in their order, each once', (Events, events) => {
    expect(parseNotificationConfiguration({ SNSTopic, Events, Unknown: {} })).toEqual({ topic: SNSTopic, events });
  });

  test.each([
    'arn:aws-cn:sns:cn-north-1:444455556666:a',
    'arn:aws:sns:eu-west-1:444455556666:jobs.fifo',
    `arn:aws:sns:us-east-1:111122223333:${'t'.repeat(256)}`,
  ])('takes the topic %s', (topic) => {
    expect(parseNotificationConfiguration({ SNSTopic: topic, Events: [ARCHIVE] }).topic).toBe(topic);
  });

  test.each([
    [undefined, 'MissingParameterValueException', 'Required parameter missing: SNSTopic'],
    [{ Events: [ARCHIVE] }, 'MissingParameterValueException', 'Required parameter missing: SNSTopic'],
    [{ SNSTopic: null, Events: [ARCHIVE] }, 'MissingParameterValueException', 'Required parameter missing: SNSTopic'],
    [{ SNSTopic }, 'MissingParameterValueException', 'Required parameter missing: Events'],
    [{ SNSTopic, Events: null }, 'MissingParameterValueException', 'Required parameter missing: Events'],
    [{ SNSTopic, Events: [] }, 'MissingParameterValueException', 'Required parameter missing: Events'],
    [
      { SNSTopic: 1, Events: [ARCHIVE] },
      'SerializationException',
      'The member SNSTopic of the request body must be a string.',
    ],
    [
      { SNSTopic, Events: ARCHIVE },
      'SerializationException',
      'The member Events of the request body must be a list of strings.',
    ],
    [
      { SNSTopic, Events: [1] },
      'SerializationException',
      'The member Events of the request body must be a list of strings.',
    ],
    [{ SNSTopic: '', Events: [ARCHIVE] }, 'InvalidParameterValueException', 'Invalid SNSTopic: '],
    [{ SNSTopic: 'topic', Events: [ARCHIVE] }, 'InvalidParameterValueException', 'Invalid SNSTopic: topic'],
    [
      { SNSTopic: `${SNSTopic}\n`, Events: [ARCHIVE] },
      'InvalidParameterValueException',
      `Invalid SNSTopic: ${SNSTopic}\n`,
    ],
    [
      { SNSTopic, Events: [ARCHIVE, 'archiveRetrievalCompleted'] },
      'InvalidParameterValueException',
      `Invalid Events: archiveRetrievalCompleted. They must be out of ${ARCHIVE}, ${INVENTORY}.`,
    ],
    [
      { SNSTopic, Events: ['toString'] },
      'InvalidParameterValueException',
      `Invalid Events: toString. They must be out of ${ARCHIVE}, ${INVENTORY}.`,
    ],
  ])('%j is refused', (given, code, message) => {
    expect(() => parseNotificationConfiguration(given)).toThrow(expect.objectContaining({ code, message }));
  });
});
