import {
  AddTagsToVaultCommand,
  CreateVaultCommand,
  DeleteVaultCommand,
  type GlacierClient,
  ListTagsForVaultCommand,
  RemoveTagsFromVaultCommand,
} from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { glacierClient, missing, notFound, refusalOf, vaultNotFound } from '../support/clients.ts';
import { type RawAnswer, send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { stateOf } from '../support/state.ts';

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
const pathOf = (vaultName: string) => `/-/vaults/${vaultName}/tags`;
const post = (vaultName: string, operation: string, body: string) =>
  send(server, { method: 'POST', path: pathOf(vaultName), query: { operation }, body });
const list = async (vaultName: string) => (await send(server, { method: 'GET', path: pathOf(vaultName) })).text;
const numbered = (from: number, to: number) =>
  Object.fromEntries(Array.from({ length: to - from + 1 }, (_, index) => [`tag ${from + index}`, 'x']));
const errorIn = ({ status, json }: RawAnswer) => ({ status, code: json.code, message: json.message });

describe('tags', () => {
  test('come and go with the SDK', async () => {
    const vault = await vaultNamed('sdk');
    const { $metadata, ...nothing } = await client.send(
      new AddTagsToVaultCommand({ ...vault, Tags: { team: 'a b', LegalHold: 'true', url: 'https://x.example/y' } }),
    );
    expect([$metadata.httpStatusCode, nothing]).toEqual([204, {}]);
    await client.send(new AddTagsToVaultCommand({ ...vault, Tags: { team: '', Team: 'ü' } }));
    expect((await client.send(new ListTagsForVaultCommand(vault))).Tags).toEqual({
      team: '',
      Team: 'ü',
      LegalHold: 'true',
      url: 'https://x.example/y',
    });
    const TagKeys = ['team', 'url', 'never set'];
    for (const _ of ['once', 'again']) {
      const removed = await client.send(new RemoveTagsFromVaultCommand({ ...vault, TagKeys }));
      expect(removed.$metadata.httpStatusCode).toBe(204);
    }
    expect((await client.send(new ListTagsForVaultCommand(vault))).Tags).toEqual({ Team: 'ü', LegalHold: 'true' });
  });

  test('are shown byte for byte, in the order of their names', async () => {
    await vaultNamed('bytes');
    const empty = await send(server, { method: 'GET', path: pathOf('bytes') });
    expect([empty.status, empty.text]).toEqual([200, '{"Tags":{}}']);
    const names = empty.headers.map(([name]) => name);
    expect(names.slice(0, 4)).toEqual(['x-amzn-RequestId', 'Content-Type', 'Content-Length', 'Date']);
    expect(empty.header('Content-Type')).toBe('application/json');
    const given = '{"Unknown":[1],"Tags":{"b":"2","__proto__":"p","9":"n","10":"t","Z":"","é":"e","a/b":"=+-@:."}}';
    expect((await post('bytes', 'add', given)).status).toBe(204);
    expect(await list('bytes')).toBe(
      '{"Tags":{"10":"t","9":"n","Z":"","__proto__":"p","a/b":"=+-@:.","b":"2","é":"e"}}',
    );
    expect((await post('bytes', 'remove', '{"TagKeys":["__proto__","10"]}')).status).toBe(204);
    expect(await list('bytes')).toBe('{"Tags":{"9":"n","Z":"","a/b":"=+-@:.","b":"2","é":"e"}}');
  });

  test.each([
    ['add', '{"Tags":{"a":"b"}}'],
    ['remove', '{"TagKeys":["a"]}'],
  ])('%s answers 204 with nothing', async (operation, body) => {
    await vaultNamed('nothing');
    const answer = await post('nothing', operation, body);
    expect([answer.status, answer.bytes.length]).toEqual([204, 0]);
    expect(answer.headers.map(([name]) => name).slice(0, 2)).toEqual(['x-amzn-RequestId', 'Date']);
    expect(answer.header('Content-Type')).toBeUndefined();
  });

  test('the 51st is refused, with all that came with it, and 50 in one request are not', async () => {
    const vault = await vaultNamed('limit');
    await client.send(new AddTagsToVaultCommand({ ...vault, Tags: numbered(1, 49) }));
    const before = await stateOf(server, 'limit');
    const tooMany = { status: 400, code: 'LimitExceededException', message: 'A vault has at most 50 tags.' };
    for (const Tags of [{ ...numbered(50, 51), 'tag 1': 'changed' }, numbered(101, 151)]) {
      expect(await refusalOf(client.send(new AddTagsToVaultCommand({ ...vault, Tags })))).toEqual(tooMany);
      expect(await stateOf(server, 'limit')).toBe(before);
    }
    await client.send(new AddTagsToVaultCommand({ ...vault, Tags: numbered(1, 50) }));
    expect(Object.keys((await client.send(new ListTagsForVaultCommand(vault))).Tags ?? {})).toHaveLength(50);
  });

  test('stay when the server starts again, and go with their vault', async () => {
    const dataDir = `${server.dataDir}-again`;
    const target = pathOf('kept');
    await using first = await startServer({ dataDir });
    await send(first, { method: 'PUT', path: '/-/vaults/kept' });
    await send(first, { method: 'POST', path: target, query: { operation: 'add' }, body: '{"Tags":{"a":"b"}}' });
    await first.kill();
    await using second = await startServer({ dataDir });
    const client = glacierClient(second);
    expect((await send(second, { method: 'GET', path: target })).text).toBe('{"Tags":{"a":"b"}}');
    await client.send(new DeleteVaultCommand({ accountId: '-', vaultName: 'kept' }));
    await client.send(new CreateVaultCommand({ accountId: '-', vaultName: 'kept' }));
    expect((await send(second, { method: 'GET', path: target })).text).toBe('{"Tags":{}}');
  });
});

describe('refusals', () => {
  const MISSING = [400, 'MissingParameterValueException'] as const;
  const INVALID = [400, 'InvalidParameterValueException'] as const;
  const SERIALIZATION = [400, 'SerializationException'] as const;
  const long = (length: number) => '𝒳'.repeat(length);

  test.each([
    ['add', '', MISSING, 'Required parameter missing: Tags'],
    ['add', '{"Tags":null}', MISSING, 'Required parameter missing: Tags'],
    ['add', '{"Tags":{}}', MISSING, 'Required parameter missing: Tags'],
    ['add', '{"Tags":[["a","b"]]}', SERIALIZATION, 'The member Tags of the request body must be an object.'],
    ['add', '{"Tags":{"ok":"v","a":7}}', SERIALIZATION, 'The value of the tag a must be a string.'],
    ['add', '{"Tags":', SERIALIZATION, 'The request body is not valid JSON.'],
    [
      'add',
      '{"Tags":{"ok":"v","AWS:x":"y"}}',
      INVALID,
      'Invalid tag key: AWS:x. Keys that begin with aws: are reserved.',
    ],
    ['add', `{"Tags":{"${long(129)}":""}}`, INVALID, 'Invalid tag key: it has 129 characters, a key has 1 to 128.'],
    [
      'add',
      `{"Tags":{"k":"${long(256)}"}}`,
      INVALID,
      'Invalid value of the tag k: it has 256 characters, the limit is 255.',
    ],
    [
      'add',
      '{"Tags":{"\\ud800":"y"}}',
      INVALID,
      'Invalid tag key: \ud800. A key may hold letters, digits, blanks and _ . / = + - @.',
    ],
    [
      'add',
      '{"Tags":{"a<b>":"y"}}',
      INVALID,
      'Invalid tag key: a<b>. A key may hold letters, digits, blanks and _ . / = + - @.',
    ],
    ['remove', '{}', MISSING, 'Required parameter missing: TagKeys'],
    ['remove', '{"TagKeys":[]}', MISSING, 'Required parameter missing: TagKeys'],
    [
      'remove',
      '{"TagKeys":["kept",1]}',
      SERIALIZATION,
      'The member TagKeys of the request body must be a list of strings.',
    ],
    ['remove', '{"TagKeys":["kept",""]}', INVALID, 'Invalid tag key: it has 0 characters, a key has 1 to 128.'],
    ['', '{"Tags":{"a":"b"}}', MISSING, 'Required parameter missing: operation'],
    ['list', '{"Tags":{"a":"b"}}', INVALID, 'Invalid operation: list. It must be one of add, remove.'],
  ])('%s %s', async (operation, body, [status, code], message) => {
    await vaultNamed('refusing');
    await post('refusing', 'add', '{"Tags":{"kept":"as it is"}}');
    const before = await stateOf(server, 'refusing');
    expect(before).toContain('{"Tags":{"kept":"as it is"}}');
    expect(errorIn(await post('refusing', operation, body))).toEqual({ status, code, message });
    expect(await stateOf(server, 'refusing')).toBe(before);
  });

  test('a request without an operation, or with another method', async () => {
    await vaultNamed('refusing');
    const path = pathOf('refusing');
    expect(errorIn(await send(server, { method: 'POST', path, body: '{"Tags":{"a":"b"}}' }))).toEqual(
      missing('operation'),
    );
    const deleted = await send(server, { method: 'DELETE', path });
    expect(errorIn(deleted)).toMatchObject({ status: 404, code: 'UnknownOperationException' });
  });

  test('the longest key and value are taken', async () => {
    await vaultNamed('longest');
    expect((await post('longest', 'add', JSON.stringify({ Tags: { [long(128)]: long(255) } }))).status).toBe(204);
    expect(await list('longest')).toBe(`{"Tags":{"${long(128)}":"${long(255)}"}}`);
  });

  test('a vault that is not there, and a name that no vault can have', async () => {
    for (const [vaultName, refusal] of [
      ['nowhere', vaultNotFound('nowhere')],
      ['testz:z', notFound('Vault not found for ARN: testz:z')],
    ] as const) {
      const vault = { accountId: '-', vaultName };
      for (const command of [
        new AddTagsToVaultCommand({ ...vault, Tags: { a: 'b' } }),
        new RemoveTagsFromVaultCommand({ ...vault, TagKeys: ['a'] }),
        new ListTagsForVaultCommand(vault),
      ]) {
        expect(await refusalOf(client.send(command as ListTagsForVaultCommand))).toEqual(refusal);
      }
    }
  });
});
