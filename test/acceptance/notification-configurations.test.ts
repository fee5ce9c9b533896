import {
  CreateVaultCommand,
  DeleteVaultNotificationsCommand,
  DescribeVaultCommand,
  GetVaultAccessPolicyCommand,
  GetVaultNotificationsCommand,
  type GlacierClient,
  ListTagsForVaultCommand,
  SetVaultNotificationsCommand,
} from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arnOf, glacierClient, notFound, refusalOf, vaultNotFound } from '../support/clients.ts';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { stateOf } from '../support/state.ts';

const SNSTopic = 'arn:aws:sns:us-west-2:012345678901:mytopic';
const ARCHIVE = 'ArchiveRetrievalCompleted';
const INVENTORY = 'InventoryRetrievalCompleted';

let server: TestServer;
let client: GlacierClient;
beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const vaultNamed = async (vaultName: string) => {
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  return { accountId: '-', vaultName };
};
const raw = (method: string, vaultName: string, body = '') =>
  send(server, { method, path: `/-/vaults/${vaultName}/notification-configuration`, body });
const unset = (vaultName: string) =>
  notFound(`No notification configuration is set for the vault: ${arnOf(vaultName)}`);

describe('the notification configuration', () => {
  test('is set, replaced, shown and removed with the SDK', async () => {
    const vault = await vaultNamed('sdk');
    const get = () => client.send(new GetVaultNotificationsCommand(vault));
    expect(await refusalOf(get())).toEqual(unset('sdk'));
    for (const Events of [[INVENTORY, ARCHIVE], [ARCHIVE]]) {
      const vaultNotificationConfig = { SNSTopic, Events };
      const set = await client.send(new SetVaultNotificationsCommand({ ...vault, vaultNotificationConfig }));
      expect(set.$metadata.httpStatusCode).toBe(204);
      expect((await get()).vaultNotificationConfig).toEqual(vaultNotificationConfig);
    }
    for (const _ of ['once', 'again']) {
      const deleted = await client.send(new DeleteVaultNotificationsCommand(vault));
      expect(deleted.$metadata.httpStatusCode).toBe(204);
    }
    expect(await refusalOf(get())).toEqual(unset('sdk'));
  });

  test('on the wire: bare, alphabetical, events as they were submitted, and 204 without a body', async () => {
    await vaultNamed('wire');
    const given = `{ "SNSTopic": "${SNSTopic}", "More": null, "Events": ["${INVENTORY}", "${ARCHIVE}", "${INVENTORY}"] }`;
    for (const [method, body] of [
      ['PUT', given],
      ['GET', ''],
      ['DELETE', ''],
    ] as const) {
      const answer = await raw(method, 'wire', body);
      const names = answer.headers.map(([name]) => name);
      if (method === 'GET') {
        expect(answer.status).toBe(200);
        expect(answer.text).toBe(`{"Events":["${INVENTORY}","${ARCHIVE}"],"SNSTopic":"${SNSTopic}"}`);
        expect(names.slice(0, 4)).toEqual(['x-amzn-RequestId', 'Content-Type', 'Content-Length', 'Date']);
      } else {
        expect([answer.status, answer.bytes.length]).toEqual([204, 0]);
        expect(names.slice(0, 2)).toEqual(['x-amzn-RequestId', 'Date']);
      }
    }
    const gone = await raw('GET', 'wire');
    expect([gone.status, gone.text]).toEqual([
      404,
      `{"code":"ResourceNotFoundException","message":"${unset('wire').message}","type":"Client"}`,
    ]);
  });

  test.each([
    ['', 'MissingParameterValueException', 'Required parameter missing: SNSTopic'],
    [
      `{"Events":["${ARCHIVE}"],"SNSTopic":null}`,
      'MissingParameterValueException',
      'Required parameter missing: SNSTopic',
    ],
    [`{"SNSTopic":"${SNSTopic}"}`, 'MissingParameterValueException', 'Required parameter missing: Events'],
    [`{"SNSTopic":"${SNSTopic}","Events":[]}`, 'MissingParameterValueException', 'Required parameter missing: Events'],
    [
      `{"SNSTopic":"${SNSTopic}","Events":"${ARCHIVE}"}`,
      'SerializationException',
      'The member Events of the request body must be a list of strings.',
    ],
    [
      `{"SNSTopic":["${SNSTopic}"],"Events":["${ARCHIVE}"]}`,
      'SerializationException',
      'The member SNSTopic of the request body must be a string.',
    ],
    [
      `{"SNSTopic":"${SNSTopic}","Events":["SelectCompleted"]}`,
      'InvalidParameterValueException',
      `Invalid Events: SelectCompleted. They must be out of ${ARCHIVE}, ${INVENTORY}.`,
    ],
    [
      `{"SNSTopic":"arn:aws:sqs:us-west-2:012345678901:q","Events":["${ARCHIVE}"]}`,
      'InvalidParameterValueException',
      'Invalid SNSTopic: arn:aws:sqs:us-west-2:012345678901:q',
    ],
  ])('%s is refused and changes nothing', async (body, code, message) => {
    await vaultNamed('refusing');
    await raw('PUT', 'refusing', `{"SNSTopic":"${SNSTopic}","Events":["${INVENTORY}"]}`);
    const before = await stateOf(server, 'refusing');
    expect(before).toContain(`{"Events":["${INVENTORY}"],"SNSTopic":"${SNSTopic}"}`);
    const answer = await raw('PUT', 'refusing', body);
    expect([answer.status, answer.json]).toEqual([400, { code, message, type: 'Client' }]);
    expect(await stateOf(server, 'refusing')).toBe(before);
  });

  test('of a vault that is not there, or cannot be', async () => {
    const vaultNotificationConfig = { SNSTopic, Events: [ARCHIVE] };
    for (const [vaultName, refusal] of [
      ['nowhere', vaultNotFound('nowhere')],
      ['testz:z', notFound('Vault not found for ARN: testz:z')],
    ] as const) {
      const vault = { accountId: '-', vaultName };
      const set = client.send(new SetVaultNotificationsCommand({ ...vault, vaultNotificationConfig }));
      expect(await refusalOf(set)).toEqual(refusal);
      expect(await refusalOf(client.send(new GetVaultNotificationsCommand(vault)))).toEqual(refusal);
      expect(await refusalOf(client.send(new DeleteVaultNotificationsCommand(vault)))).toEqual(refusal);
    }
  });
});

test('Terraform reads a new vault: no tags, and what is unset is not found', async () => {
  const vault = await vaultNamed('terraform');
  const described = await client.send(new DescribeVaultCommand(vault));
  expect(described).toMatchObject({ VaultName: 'terraform', VaultARN: arnOf('terraform') });
  expect((await client.send(new ListTagsForVaultCommand(vault))).Tags).toEqual({});
  for (const command of [new GetVaultAccessPolicyCommand(vault), new GetVaultNotificationsCommand(vault)]) {
    const refusal = await refusalOf(client.send(command as GetVaultAccessPolicyCommand));
    expect([refusal.status, refusal.code]).toEqual([404, 'ResourceNotFoundException']);
    expect(refusal.message).not.toContain('Vault not found');
  }
});
