import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault, errorOf, storedFiles, troubleIn } from '../support/wire.ts';

/** JSON bodies that are too large, too deep, broken, or of another type than the published one. No job comes of them. */
let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await createVault(server, 'wire');
});
afterAll(() => server[Symbol.asyncDispose]());

const target = '/-/vaults/wire/jobs';
const post = (body: Buffer | string) => call(server, { method: 'POST', target, body });
const refused = async (body: Buffer | string): Promise<[number, string]> => {
  const startedAtMs = performance.now();
  const { status, code, message } = errorOf(await post(body));
  expect(performance.now() - startedAtMs).toBeLessThan(2000);
  expect(message).not.toMatch(/\/src\/|node:|\bat \w+ \(/);
  return [status, code];
};
const SERIALIZATION = [400, 'SerializationException'];
const INVALID = [400, 'InvalidParameterValueException'];
const MISSING = [400, 'MissingParameterValueException'];
const MILLION = 1_000_000;
const good = '{"Type":"inventory-retrieval"}';
const inventory = (members: string) => `{"Type":"inventory-retrieval",${members}}`;
const retrieval = (members: string) => `{"Type":"archive-retrieval","ArchiveId":"id",${members}}`;

describe('not the JSON that is wanted', () => {
  test.each([
    ['half an object', '{"Type":'],
    ['a member without quotes', '{Type:"inventory-retrieval"}'],
    ['single quotes', "{'Type':'inventory-retrieval'}"],
    ['a trailing comma', '{"Type":"inventory-retrieval",}'],
    ['two objects', `${good}${good}`],
    ['a comment', `${good}// job`],
    ['NaN', '{"Type":NaN}'],
    ['a control character in a text', '{"Type":"inventory-\nretrieval"}'],
    ['a form', 'Type=inventory-retrieval'],
    ['NUL', '\0'],
    ['blanks', '   '],
    ['an array', `[${good}]`],
    ['a text', '"inventory-retrieval"'],
    ['a number', '1'],
    ['null', 'null'],
    ['a byte order mark', `\ufeff${good}`],
    ['UTF-16', Buffer.from(good, 'utf16le')],
    ['a byte that is not UTF-8', Buffer.from('{"Type":"\xff"}', 'latin1')],
    ['an overlong encoding', Buffer.from('{"Type":"\xc0\xaf"}', 'latin1')],
    ['half a surrogate in UTF-8', Buffer.from('{"Type":"\xed\xa0\x80"}', 'latin1')],
    ['half a million open brackets', '['.repeat(MILLION / 2)],
    ['an array half a million deep', '['.repeat(MILLION / 2) + ']'.repeat(MILLION / 2)],
    ['an object 170,000 deep', `${'{"a":'.repeat(170_000)}1${'}'.repeat(170_000)}`],
    ['a member 33 deep', inventory(`"a":${'['.repeat(33)}${']'.repeat(33)}`)],
  ])('%s', async (_, body) => {
    expect(await refused(body)).toEqual(SERIALIZATION);
  });

  test.each([
    ['Type', '{"Type":1}'],
    ['Type, an object', '{"Type":{}}'],
    ['Description', inventory('"Description":1')],
    ['SNSTopic', inventory('"SNSTopic":[]')],
    ['Format', inventory('"Format":true')],
    ['Tier', retrieval('"Tier":1')],
    ['ArchiveId', '{"Type":"archive-retrieval","ArchiveId":["id"]}'],
    ['RetrievalByteRange', retrieval('"RetrievalByteRange":{"Start":0}')],
    ['InventoryRetrievalParameters', inventory('"InventoryRetrievalParameters":"all"')],
    ['InventoryRetrievalParameters, an array', inventory('"InventoryRetrievalParameters":[]')],
    ['StartDate', inventory('"InventoryRetrievalParameters":{"StartDate":0}')],
    ['Limit', inventory('"InventoryRetrievalParameters":{"Limit":true}')],
    ['Marker', inventory('"InventoryRetrievalParameters":{"Marker":1}')],
  ])('%s of another type', async (_, body) => {
    expect(await refused(body)).toEqual(SERIALIZATION);
  });
});

describe('members that are not meant for us', () => {
  test.each([
    ['Type in the prototype', '{"__proto__":{"Type":"inventory-retrieval"}}', MISSING],
    ['Type in the constructor', '{"constructor":{"prototype":{"Type":"inventory-retrieval"}}}', MISSING],
    ['Type null', '{"Type":null}', MISSING],
    ['no members', '{}', MISSING],
    ['no body', '', MISSING],
    ['a type that every object has', '{"Type":"toString"}', INVALID],
    ['a tier that every object has', retrieval('"Tier":"constructor"'), INVALID],
    ['a format that every object has', inventory('"Format":"__proto__"'), INVALID],
    ['half a surrogate', inventory('"Description":"\\ud800"'), INVALID],
    ['a line feed in a description', inventory('"Description":"a\\nb"'), INVALID],
    ['a description of 1,025 characters', inventory(`"Description":"${'a'.repeat(1025)}"`), INVALID],
    ['limits that are none', inventory('"InventoryRetrievalParameters":{"Limit":"1e400"}'), INVALID],
    ['a number beyond all numbers', inventory('"InventoryRetrievalParameters":{"Limit":1e400}'), INVALID],
  ])('%s', async (_, body, outcome) => {
    expect(await refused(body)).toEqual(outcome);
  });

  test('do no harm', async () => {
    const members = ['"__proto__":{"Tier":"none"}', '"Unknown":{"a":[1,2]}', '"Description":null', '"toString":1'];
    for (const member of members) expect((await post(inventory(member))).status).toBe(202);
    expect((await call(server, { target })).json().JobList).toHaveLength(members.length);
  });
});

describe('size', () => {
  const padded = (size: number) => good.replace('}', `,"a":"${'a'.repeat(size - good.length - 7)}"}`);

  test('1 MiB is read, one byte more is not', async () => {
    expect(padded(2 ** 20)).toHaveLength(2 ** 20);
    expect((await post(padded(2 ** 20))).status).toBe(202);
    const { status, code, message } = errorOf(await post(padded(2 ** 20 + 1)));
    expect([status, code, message]).toEqual([...INVALID, 'Invalid Content-Length: 1048577']);
  });

  test('a body that nobody asked for is refused like any other', async () => {
    const answer = await call(server, { target: '/-/vaults/wire', body: Buffer.alloc(2 ** 20 + 1) });
    expect(errorOf(answer).status).toBe(400);
    expect((await call(server, { target: '/-/vaults/wire', body: 'ignored' })).status).toBe(200);
  });
});

test('the server is as well as before', async () => {
  expect((await call(server, { target: '/-/vaults/wire' })).status).toBe(200);
  // The jobs that were wanted may still be writing their inventories.
  await expect.poll(() => storedFiles(server).filter((path) => path.includes('incoming'))).toEqual([]);
  expect(troubleIn(server)).toEqual([]);
});
