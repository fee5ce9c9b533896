import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DiskOutput } from '../../src/select-output/disk.ts';
import { namesOf } from '../../src/select-output/paths.ts';
import type { OutputObject } from '../../src/select-output/select-output.ts';
import { MIB, noise } from '../support/hashes.ts';
import { scratchDirectory } from './scratch.ts';
import { FIRST_ACCOUNT, OTHER_ACCOUNT, PLAIN, selectOutputContract } from './select-output.ts';

const BUCKET = 'results.example-1';
const EXACT = { foldsCase: false };

let parent = '';
let root = '';
beforeEach(() => {
  parent = scratchDirectory();
  root = join(parent, 'select-output');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const filesBelow = (directory: string): string[] =>
  existsSync(directory)
    ? readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name))
    : [];

const pathOf = (key: string): string => join(root, BUCKET, ...namesOf(key, EXACT));
const keyIn = (path: string): string =>
  JSON.parse(readFileSync(path.replace(root, join(root, '.settings')), 'utf8')).key as string;

const object = (key: string, more: Partial<OutputObject> = {}): OutputObject => ({
  accountId: FIRST_ACCOUNT,
  bucketName: BUCKET,
  key,
  contentType: 'text/plain',
  settings: PLAIN,
  ...more,
});

describe('the disk', () => {
  selectOutputContract(async () => ({
    output: await DiskOutput.open(root),
    bucketName: BUCKET,
    read: async (key) => (existsSync(pathOf(key)) ? readFileSync(pathOf(key)) : undefined),
    keys: async () => filesBelow(join(root, BUCKET)).map(keyIn).sort(),
    unfinished: async () => readdirSync(join(root, '.incoming')).length,
    [Symbol.asyncDispose]: async () => undefined,
  }));
});

const incoming = (): string[] => readdirSync(join(root, '.incoming'));

test('an everyday key is the path', async () => {
  const output = await DiskOutput.open(root);
  await output.put(object('out/HkF9p6/results/1'), Buffer.from('a'));
  expect(filesBelow(join(root, BUCKET))).toEqual([join(root, BUCKET, 'out/HkF9p6/results/1')]);
});

test('directories are 0700 and files 0600, whatever the umask', async () => {
  const umask = process.umask(0);
  try {
    const output = await DiskOutput.open(root);
    await output.put(object('out/a'), noise(10));
    const modes = readdirSync(root, { recursive: true, withFileTypes: true }).map((entry) => {
      const { mode } = statSync(join(entry.parentPath, entry.name));
      return [entry.isDirectory(), mode & 0o777];
    });
    expect(modes).toHaveLength(10);
    expect(modes.filter(([isDirectory, mode]) => mode !== (isDirectory ? 0o700 : 0o600))).toEqual([]);
  } finally {
    process.umask(umask);
  }
});

describe('settings', () => {
  const settings: OutputObject['settings'] = {
    encryption: { type: 'aws:kms', keyId: 'key', context: '{"a":"b"}' },
    cannedAcl: null,
    grants: [{ grantee: { by: 'id', id: 'abc' }, permission: 'READ' }],
    tags: [['k', 'v']],
    metadata: [['m', 'n']],
    storageClass: 'STANDARD_IA',
  };
  const settingsPath = (key: string) => join(root, '.settings', BUCKET, key);

  test('are kept beside the object, and go with it', async () => {
    const output = await DiskOutput.open(root);
    await output.put(object('out/a', { settings, contentType: 'text/csv' }), noise(10));
    expect(JSON.parse(readFileSync(settingsPath('out/a'), 'utf8'))).toEqual({
      key: 'out/a',
      contentType: 'text/csv',
      ...settings,
    });
    await output.delete({ accountId: FIRST_ACCOUNT, bucketName: BUCKET }, ['out/a']);
    expect(filesBelow(join(root, '.settings'))).toEqual([]);
  });

  test('of what is cleared go too', async () => {
    const output = await DiskOutput.open(root);
    for (const key of ['out/job/a', 'out/job/b']) await output.put(object(key), noise(10));
    await output.clear({ accountId: FIRST_ACCOUNT, bucketName: BUCKET, prefix: 'out/job/' }, ['out/job/b']);
    expect(filesBelow(join(root, '.settings'))).toEqual([settingsPath('out/job/b')]);
  });
});

describe('what is left', () => {
  test('directories that deleted objects were in are gone, and the bucket is not', async () => {
    const output = await DiskOutput.open(root);
    for (const key of ['out/a/b/c', 'out/d', 'out/job/e/f']) await output.put(object(key), noise(10));
    await output.delete({ accountId: FIRST_ACCOUNT, bucketName: BUCKET }, ['out/a/b/c']);
    await output.clear({ accountId: FIRST_ACCOUNT, bucketName: BUCKET, prefix: 'out/job/' }, []);
    expect(readdirSync(join(root, BUCKET, 'out'))).toEqual(['d']);
    await output.delete({ accountId: FIRST_ACCOUNT, bucketName: BUCKET }, ['out/d']);
    expect(readdirSync(join(root, BUCKET))).toEqual([]);
    expect(readdirSync(join(root, '.settings', BUCKET))).toEqual([]);
  });

  test('objects come and go in one directory at the same time', async () => {
    const output = await DiskOutput.open(root);
    const numbers = Array.from({ length: 40 }, (_, number) => number);
    await Promise.all(
      numbers.map(async (number) => {
        await output.put(object(`out/job/${number}`), noise(10));
        await output.delete({ accountId: FIRST_ACCOUNT, bucketName: BUCKET }, [`out/job/${number}`]);
      }),
    );
    expect(filesBelow(join(root, BUCKET))).toEqual([]);
  });

  test('a run that was killed while it wrote leaves no object, and the next one cleans up', async () => {
    const output = await DiskOutput.open(root);
    const writer = await output.begin(object('out/a'));
    await writer.write(noise(10));
    // The whole file, as it is between its end and its rename.
    writeFileSync(join(root, '.incoming', 'whole'), 'x');
    mkdirSync(join(root, '.incoming', 'directory'));
    expect(filesBelow(join(root, BUCKET))).toEqual([]);
    await DiskOutput.open(root);
    expect(incoming()).toEqual([]);
    expect(filesBelow(join(root, BUCKET))).toEqual([]);
    await writer[Symbol.asyncDispose]();
  });
});

describe('names that a disk cannot have together', () => {
  const refusal = { name: 'OutputRefusedError', code: 'InvalidRequest' };

  test.each([
    ['below an object', 'out/a', 'out/a/b'],
    ['above an object', 'out/a/b', 'out/a'],
  ])('an object %s is refused', async (_, first, second) => {
    const output = await DiskOutput.open(root);
    await output.put(object(first), Buffer.from('first'));
    await expect(output.put(object(second), Buffer.from('second'))).rejects.toMatchObject(refusal);
    expect(readFileSync(pathOf(first), 'utf8')).toBe('first');
    expect(filesBelow(join(root, BUCKET))).toHaveLength(1);
    expect(incoming()).toEqual([]);
  });
});

describe('links', () => {
  test('a directory that is a link is neither written to nor deleted from', async () => {
    const output = await DiskOutput.open(root);
    await output.put(object('out/a'), noise(1));
    const outside = join(parent, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'a'), 'theirs');
    symlinkSync(outside, join(root, BUCKET, 'out', 'linked'));
    await expect(output.put(object('out/linked/a'), noise(1))).rejects.toMatchObject({ code: 'InvalidRequest' });
    await output.delete({ accountId: FIRST_ACCOUNT, bucketName: BUCKET }, ['out/linked/a']);
    await output.clear({ accountId: FIRST_ACCOUNT, bucketName: BUCKET, prefix: 'out/linked/' }, []);
    await output.clear({ accountId: FIRST_ACCOUNT, bucketName: BUCKET, prefix: 'out/' }, []);
    expect(readFileSync(join(outside, 'a'), 'utf8')).toBe('theirs');
    expect(readdirSync(join(root, BUCKET))).toEqual([]);
  });

  test('a link in the place of an object is replaced, not followed', async () => {
    const output = await DiskOutput.open(root);
    const outside = join(parent, 'outside');
    writeFileSync(outside, 'theirs');
    await output.put(object('out/b'), noise(1));
    symlinkSync(outside, join(root, BUCKET, 'out', 'a'));
    await output.put(object('out/a'), Buffer.from('ours'));
    expect(readFileSync(outside, 'utf8')).toBe('theirs');
    expect(readFileSync(pathOf('out/a'), 'utf8')).toBe('ours');
  });

  test('the folder itself may be one, as it is on another disk', async () => {
    mkdirSync(join(parent, 'elsewhere'));
    symlinkSync(join(parent, 'elsewhere'), root);
    const output = await DiskOutput.open(root);
    await output.put(object('out/a'), Buffer.from('a'));
    expect(readFileSync(join(parent, 'elsewhere', BUCKET, 'out/a'), 'utf8')).toBe('a');
  });
});

describe('S-74 owners', () => {
  test('outlive the server and the objects', async () => {
    const first = await DiskOutput.open(root);
    await first.put(object('out/a'), noise(1));
    await first.delete({ accountId: FIRST_ACCOUNT, bucketName: BUCKET }, ['out/a']);
    const output = await DiskOutput.open(root);
    const theirs = object('out/b', { accountId: OTHER_ACCOUNT });
    await expect(output.put(theirs, noise(1))).rejects.toMatchObject({ code: 'AccessDenied' });
    await output.put({ ...theirs, bucketName: 'another' }, noise(1));
  });

  test('of two that come at once one gets the bucket', async () => {
    const output = await DiskOutput.open(root);
    const accounts = Array.from({ length: 8 }, (_, number) => `10000000000${number}`);
    const ends = await Promise.allSettled(
      accounts.map((accountId) => output.put(object(accountId, { accountId }), noise(1))),
    );
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(filesBelow(join(root, BUCKET))).toHaveLength(1);
    expect(incoming()).toEqual([]);
  });

  test.each(['', 'null', '{}', '{"accountId":1}'])('a record that is %j lets nobody in', async (text) => {
    const output = await DiskOutput.open(root);
    writeFileSync(join(root, '.owners', BUCKET), text);
    await expect(output.put(object('a'), noise(1))).rejects.toThrow('cannot be understood');
    expect(existsSync(join(root, BUCKET))).toBe(false);
  });

  test('clearing takes no bucket', async () => {
    const output = await DiskOutput.open(root);
    await output.clear({ accountId: FIRST_ACCOUNT, bucketName: BUCKET, prefix: 'a/' }, []);
    await output.delete({ accountId: FIRST_ACCOUNT, bucketName: BUCKET }, ['a/b']);
    expect(readdirSync(join(root, '.owners'))).toEqual([]);
  });
});

describe('a disk that fails', () => {
  test('is no fault of the request, and leaves no object', async () => {
    const output = await DiskOutput.open(root);
    await output.put(object('out/a'), Buffer.from('before'));
    const writer = await output.begin(object('out/a'));
    await writer.write(noise(10));
    rmSync(join(root, '.incoming'), { recursive: true });
    await expect(writer.finish()).rejects.toMatchObject({ code: 'ENOENT' });
    await writer[Symbol.asyncDispose]();
    await expect(output.put(object('out/b'), noise(1))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(readFileSync(pathOf('out/a'), 'utf8')).toBe('before');
    expect(filesBelow(join(root, BUCKET))).toHaveLength(1);
  });

  test.each([
    ['write', 10],
    ['sync', 10],
    ['datasync', 33 * MIB],
  ] as const)('a %s that fails leaves no object, and is not tried again', async (call, sizeBytes) => {
    const output = await DiskOutput.open(root);
    await output.put(object('out/b'), noise(1));
    await using handle = await open(parent);
    const calls = Object.getPrototypeOf(handle) as typeof handle;
    const failing = vi.spyOn(calls, call).mockRejectedValueOnce(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    try {
      await expect(output.put(object('out/a'), noise(sizeBytes))).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(filesBelow(join(root, BUCKET))).toEqual([pathOf('out/b')]);
      expect(incoming()).toEqual([]);
      await output.put(object('out/a'), noise(10));
    } finally {
      failing.mockRestore();
    }
  });

  test('a name that may not be durable is taken back', async () => {
    const output = await DiskOutput.open(root);
    await output.put(object('out/b'), noise(1));
    await using handle = await open(parent);
    const calls = Object.getPrototypeOf(handle) as typeof handle;
    const { sync } = calls;
    const failing = vi.spyOn(calls, 'sync').mockImplementation(async function (this: typeof handle) {
      if (existsSync(pathOf('out/a'))) throw Object.assign(new Error('broken'), { code: 'EIO' });
      await sync.call(this);
    });
    try {
      await expect(output.put(object('out/a'), noise(10))).rejects.toMatchObject({ code: 'EIO' });
      expect(filesBelow(join(root, BUCKET))).toEqual([pathOf('out/b')]);
    } finally {
      failing.mockRestore();
    }
  });
});
