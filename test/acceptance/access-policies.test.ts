import {
  CreateVaultCommand,
  DeleteVaultAccessPolicyCommand,
  GetVaultAccessPolicyCommand,
  type GlacierClient,
  SetVaultAccessPolicyCommand,
} from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arnOf, glacierClient, invalid, notFound, refusalOf, vaultNotFound } from '../support/clients.ts';
import { send } from '../support/raw-client.ts';
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
const raw = (method: string, vaultName: string, body = '') =>
  send(server, { method, path: `/-/vaults/${vaultName}/access-policy`, body });
const unset = (vaultName: string) => notFound(`No access policy is set for the vault: ${arnOf(vaultName)}`);
const statement = (vaultName: string, members: object = {}) => ({
  Sid: 'cross-account-upload',
  Principal: { AWS: ['arn:aws:iam::123456789012:root', '444455556666'] },
  Effect: 'Allow',
  Action: ['glacier:UploadArchive', 'glacier:InitiateMultipartUpload'],
  Resource: [arnOf(vaultName)],
  ...members,
});
const document = (vaultName: string, members: object = {}) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [statement(vaultName, members)] });

describe('the access policy', () => {
  test('is set, replaced, shown and removed with the SDK', async () => {
    const vault = await vaultNamed('sdk');
    const get = () => client.send(new GetVaultAccessPolicyCommand(vault));
    expect(await refusalOf(get())).toEqual(unset('sdk'));
    for (const Policy of [document('sdk'), document('sdk', { Sid: 'other' })]) {
      const set = await client.send(new SetVaultAccessPolicyCommand({ ...vault, policy: { Policy } }));
      expect(set.$metadata.httpStatusCode).toBe(204);
      expect((await get()).policy).toEqual({ Policy });
    }
    for (const _ of ['once', 'again']) {
      const deleted = await client.send(new DeleteVaultAccessPolicyCommand(vault));
      expect(deleted.$metadata.httpStatusCode).toBe(204);
    }
    expect(await refusalOf(get())).toEqual(unset('sdk'));
  });

  test('comes back verbatim, odd spacing, order and escapes included', async () => {
    await vaultNamed('verbatim');
    const odd =
      `\n{ "Statement" :\t[{"Resource":"${arnOf('verbatim')}",\r\n"Effect":"Deny" , "Action": "glacier:DELETEArchive",` +
      `"Principal":"*","Condition":{"StringLike":{"glacier:ResourceTag/LegalHold":["tr\\u0075e",""]},` +
      `"NumericLessThan":{"glacier:ArchiveAgeinDays":"365"}}}],"Id":"é𝒳\\/",  "Version":"2012-10-17"}  \n`;
    const body = `{"Unknown":{},"Policy":${JSON.stringify(odd)}}`;
    const set = await raw('PUT', 'verbatim', body);
    expect([set.status, set.bytes.length]).toEqual([204, 0]);
    expect(set.headers.map(([name]) => name).slice(0, 2)).toEqual(['x-amzn-RequestId', 'Date']);
    const got = await raw('GET', 'verbatim');
    expect([got.status, got.text]).toEqual([200, JSON.stringify({ Policy: odd })]);
    const names = got.headers.map(([name]) => name);
    expect(names.slice(0, 4)).toEqual(['x-amzn-RequestId', 'Content-Type', 'Content-Length', 'Date']);
    const deleted = await raw('DELETE', 'verbatim');
    expect([deleted.status, deleted.bytes.length]).toEqual([204, 0]);
    expect((await raw('GET', 'verbatim')).text).toBe(
      `{"code":"ResourceNotFoundException","message":"${unset('verbatim').message}","type":"Client"}`,
    );
  });

  test('S-55 20 KB of it are taken, one byte more is not', async () => {
    const vault = await vaultNamed('size');
    const sized = (bytes: number) => document('size') + ' '.repeat(bytes - Buffer.byteLength(document('size')));
    const set = (Policy: string) => client.send(new SetVaultAccessPolicyCommand({ ...vault, policy: { Policy } }));
    await set(sized(20 * 1024));
    expect(await refusalOf(set(sized(20 * 1024 + 1)))).toEqual(
      invalid('The specified vault access policy is invalid. Document: 20481 bytes are more than the 20480 allowed.'),
    );
    const { policy } = await client.send(new GetVaultAccessPolicyCommand(vault));
    expect(policy?.Policy).toBe(sized(20 * 1024));
  });

  test('S-51 takes numbers of accounts that are not here, and roles', async () => {
    const vault = await vaultNamed('principals');
    const AWS = ['987654321098', 'arn:aws:iam::987654321098:user/nobody', 'arn:aws:iam::987654321098:role/Backup'];
    const Policy = document('principals', { Principal: { AWS } });
    await client.send(new SetVaultAccessPolicyCommand({ ...vault, policy: { Policy } }));
    expect((await client.send(new GetVaultAccessPolicyCommand(vault))).policy?.Policy).toBe(Policy);
  });
});

describe('refusals', () => {
  const name = 'refusing';
  const policy = (text: string) => JSON.stringify({ Policy: text });
  const INVALID = 'InvalidParameterValueException';

  test.each([
    ['no body', '', 'MissingParameterValueException', 'Required parameter missing: Policy'],
    ['no policy', '{}', 'MissingParameterValueException', 'Required parameter missing: Policy'],
    ['null', '{"Policy":null}', 'MissingParameterValueException', 'Required parameter missing: Policy'],
    [
      'a policy that is no text',
      `{"Policy":${document(name)}}`,
      'SerializationException',
      'The member Policy of the request body must be a string.',
    ],
    ['half a body', '{"Policy":', 'SerializationException', 'The request body is not valid JSON.'],
    ['a list', '[]', 'SerializationException', 'The request body is not a JSON object.'],
    ['S-55 an empty text', policy(''), INVALID, 'Line 1, column 1: expected a value, found the end of the document.'],
    ['S-55 no JSON', policy('{"Statement":[}'), INVALID, 'Line 1, column 15: expected a value, found }.'],
    ['S-55 a member twice', policy('{"Id":"a","Id":"b"}'), INVALID, 'Line 1, column 11: the member Id appears twice.'],
    ['S-55 __proto__', policy('{"__proto__":{},"Statement":[]}'), INVALID, 'Document: '],
    ['no statement', policy('{"Version":"2012-10-17"}'), INVALID, 'Document: has no Statement.'],
    ['S-53 the resource of another vault', policy(document('other')), INVALID, 'Statement 1, Resource: '],
    ['S-52 an unknown action', policy(document(name, { Action: 'glacier:Uplode' })), INVALID, 'Statement 1, Action: '],
    [
      'S-52 an action that is not for vaults',
      policy(document(name, { Action: 'glacier:CreateVault' })),
      INVALID,
      'Statement 1, Action: glacier:CreateVault can be granted by identity policies only, not by those of a vault.',
    ],
    ['no principal', policy(document(name, { Principal: undefined })), INVALID, 'Statement 1: '],
    [
      'S-54 an unknown operator',
      policy(document(name, { Condition: { StringLikes: { 'aws:UserAgent': 'x' } } })),
      INVALID,
      'Statement 1, Condition',
    ],
  ])('%s', async (_, body, code, message) => {
    await vaultNamed(name);
    await raw('PUT', name, policy(document(name)));
    const before = await stateOf(server, name);
    expect(before).toContain(policy(document(name)));
    const answer = await raw('PUT', name, body);
    expect([answer.status, answer.json]).toMatchObject([400, { code, type: 'Client' }]);
    const prefix = code === INVALID ? 'The specified vault access policy is invalid. ' : '';
    expect(answer.json.message.slice(0, prefix.length + message.length)).toBe(prefix + message);
    expect(await stateOf(server, name)).toBe(before);
  });

  test('a vault that is not there, or cannot be, whatever the policy says', async () => {
    for (const [vaultName, refusal] of [
      ['nowhere', vaultNotFound('nowhere')],
      ['testz:z', notFound('Vault not found for ARN: testz:z')],
    ] as const) {
      const vault = { accountId: '-', vaultName };
      for (const Policy of [document(vaultName), 'no policy']) {
        const set = client.send(new SetVaultAccessPolicyCommand({ ...vault, policy: { Policy } }));
        expect(await refusalOf(set)).toEqual(refusal);
      }
      expect(await refusalOf(client.send(new GetVaultAccessPolicyCommand(vault)))).toEqual(refusal);
      expect(await refusalOf(client.send(new DeleteVaultAccessPolicyCommand(vault)))).toEqual(refusal);
    }
  });
});
