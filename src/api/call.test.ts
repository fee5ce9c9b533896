import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { limits } from '../model/limits.ts';
import type { RequestBody } from './body.ts';
import { Call } from './call.ts';

function callWith(text: string): Call {
  const body = Buffer.from(text);
  return new Call({
    head: { method: 'POST', target: { path: '/', query: '' }, headers: [], header: () => undefined },
    authenticated: { payloadHash: createHash('sha256').update(body).digest('hex') },
    accountId: '111122223333',
    parameters: {},
    body: { whole: async () => body } as unknown as RequestBody,
  });
}

test('a body is parsed once, whoever asks for it', async () => {
  const call = callWith('{"a":1}');
  const parsed = await call.lenientBody();
  expect(parsed).toEqual({ a: 1 });
  expect(await call.jsonBody()).toBe(parsed);
  expect((await call.verifiedMembers()).members).toBe(parsed);
  const wrong = callWith('{');
  expect(await wrong.lenientBody()).toBeUndefined();
  await expect(wrong.jsonBody()).rejects.toMatchObject({ code: 'SerializationException' });
  expect(await wrong.verifiedMembers()).toEqual({ bodyBytes: 1 });
});

test('the audit log sees what was held against its hash, and of long bodies the length', async () => {
  const call = callWith(JSON.stringify({ a: 'x'.repeat(limits.auditBodyLengthMax) }));
  expect(await call.verifiedMembers()).toEqual({});
  await call.verifiedBody();
  expect(await call.verifiedMembers()).toEqual({ bodyBytes: limits.auditBodyLengthMax + '{"a":""}'.length });
});
