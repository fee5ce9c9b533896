import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type TestArrangement, testArrangement, VAULT } from '../../test/support/arrangement.ts';
import { LOCATION } from '../../test/support/select-jobs.ts';
import { OutputRefusedError } from '../select-output/select-output.ts';
import { SelectResults } from './select-results.ts';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const JOB = { id: 'job', output: LOCATION, outputPath: 'p/q/job/' };
const { signal: SIGNAL } = new AbortController();
const results = (partBytes = 4, bytesMax = 1000) =>
  new SelectResults({
    output: arrangement.given.selectOutput,
    accountId: VAULT.accountId,
    job: JOB,
    partBytes,
    bytesMax,
  });
const read = (key: string) => readFileSync(join(arrangement.directory, 'select-output', 'results', key), 'utf8');
const manifest = (name = 'result') => read(`p/q/job/${name}_manifest.txt`);
const partsOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => read(line.replace('s3://results/', '')));
const piece = (text: string) => ({ bytes: Buffer.from(text), endedBytes: text.lastIndexOf('\n') + 1 });

test('parts end with the record that fills them', async () => {
  await using written = results();
  for (const text of ['a\nb', '\n', 'ccc', 'cccc', '\n', 'd\n']) await written.write(piece(text));
  await written.finish(SIGNAL);
  expect(partsOf(manifest())).toEqual(['a\nb\n', 'ccccccc\n', 'd\n']);
  expect(manifest()).toMatch(/^(?:s3:\/\/results\/p\/q\/job\/results\/[0-9a-f]{64}\n){3}$/);
});

test('S-85 parts end though no piece ends where a record does, and none is empty that need not be', async () => {
  await using written = results();
  for (const text of ['aaaa\nb', 'bbb\nc', 'ccc\n']) await written.write(piece(text));
  await written.finish(SIGNAL);
  expect(partsOf(manifest())).toEqual(['aaaa\n', 'bbbb\n', 'cccc\n']);
});

test('S-85 all parts together are no larger than allowed', async () => {
  await using written = results(4, 10);
  await written.write(piece('aaaa\n'));
  await written.write(piece('bbbb\n'));
  await expect(written.write(piece('c\n'))).rejects.toMatchObject({ code: 'OverMaxOutputSize' });
});

test('without results there is one part, which is empty', async () => {
  await using written = results();
  await written.finish(SIGNAL);
  expect(partsOf(manifest())).toEqual(['']);
});

test('a second run has the same names, and clears what the first has left', async () => {
  await using first = results();
  for (const text of ['aaaa\n', 'bbbb\n', 'cccc\n']) await first.write(piece(text));
  await first.finish(SIGNAL);
  const before = manifest();
  await using second = results();
  await second.clear();
  expect(() => manifest()).toThrow('ENOENT');
  await second.write(piece('aaaa\n'));
  await second.finish(SIGNAL);
  expect(before.startsWith(manifest())).toBe(true);
  expect(() => partsOf(before)).toThrow('ENOENT');
});

test('what failed is told in their place', async () => {
  await using written = results();
  for (const text of ['aaaa\n', 'bbbb\n']) await written.write(piece(text));
  await written.discard();
  await written.tell({ code: 'CastFailed', message: 'no number', at: { record: 3, byteOffset: 20 } });
  expect(() => manifest()).toThrow('ENOENT');
  expect(partsOf(manifest('error'))).toEqual([
    '{"code":"CastFailed","message":"no number","recordNumber":3,"byteOffset":20}\n',
  ]);
});

test('no manifest outlives its run, though nothing else may be found or deleted', async () => {
  const { selectOutput } = arrangement.given;
  await using first = results();
  await first.finish(SIGNAL);
  await first.tell({ code: 'InternalError', message: 'given up' });
  const clear = vi.spyOn(selectOutput, 'clear').mockResolvedValue();
  await using second = results();
  await second.clear();
  for (const name of ['result', 'error']) expect(() => manifest(name)).toThrow('ENOENT');
  const remove = vi.spyOn(selectOutput, 'delete').mockRejectedValue(new OutputRefusedError('AccessDenied', 'no'));
  await second.clear();
  expect(remove.mock.invocationCallOrder[0]).toBeLessThan(clear.mock.invocationCallOrder[1] ?? 0);
  vi.restoreAllMocks();
});

test('a manifest is not written once nobody wants it', async () => {
  await using written = results();
  await expect(written.finish(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  expect(() => manifest()).toThrow('ENOENT');
});
