import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GlacierError } from '../model/errors.ts';
import { parseOutputLocation } from './output-location.ts';

const PLACE = { BucketName: 'results', Prefix: 'p' };
const parse = (s3: unknown) => parseOutputLocation({ OutputLocation: { S3: s3 } });
const settings = (more: object) => parse({ ...PLACE, ...more }).output.settings;
const PLAIN = { encryption: null, cannedAcl: null, grants: [], tags: [], metadata: [], storageClass: 'STANDARD' };

describe('what is understood', () => {
  test('a bucket and a prefix', () => {
    const { output, sent } = parse({ ...PLACE, Encryption: null, AccessControlList: [], Acl: 'x' });
    expect(output).toEqual({ bucketName: 'results', prefix: 'p', settings: PLAIN });
    expect(sent).toBe('{"S3":{"AccessControlList":[],"BucketName":"results","Prefix":"p"}}');
  });

  test.each(['amzn-s3-demo-bucket', 'abc', 'my.bucket-1', '123', 'a'.repeat(63)])('the bucket %s', (name) => {
    expect(parse({ ...PLACE, BucketName: name }).output.bucketName).toBe(name);
  });

  test.each(['a', 'a/', 'a/b c', 'a%2F..b', '...', 'Übersicht/2031', `${'x'.repeat(511)}/`])(
    'the prefix %s',
    (prefix) => {
      expect(parse({ ...PLACE, Prefix: prefix }).output.prefix).toBe(prefix);
    },
  );

  test('encryption', () => {
    expect(settings({ Encryption: { EncryptionType: 'aes256' } }).encryption).toEqual({ type: 'AES256' });
    const kms = { EncryptionType: 'aws:kms' };
    expect(settings({ Encryption: kms }).encryption).toEqual({ type: 'aws:kms', keyId: null, context: null });
    const context = '{"a":"b"}';
    const expected = { type: 'aws:kms', keyId: 'alias/x', context };
    for (const sent of [context, Buffer.from(context).toString('base64')]) {
      expect(settings({ Encryption: { ...kms, KMSKeyId: 'alias/x', KMSContext: sent } }).encryption).toEqual(expected);
    }
  });

  test('grants, tags, metadata, a canned ACL and a storage class', () => {
    const AccessControlList = [
      { Grantee: { Type: 'CanonicalUser', ID: '79a59', DisplayName: 'me' }, Permission: 'FULL_CONTROL' },
      { Grantee: { Type: 'Group', URI: 'http://acs.amazonaws.com/groups/global/AllUsers' }, Permission: 'READ' },
      { Grantee: { Type: 'AmazonCustomerByEmail', EmailAddress: 'a@example.com' }, Permission: 'READ_ACP' },
    ];
    const { output, sent } = parse({
      ...PLACE,
      AccessControlList,
      Tagging: { team: 'a b', empty: '' },
      UserMetadata: { 'Purpose-1': 'x, y' },
      StorageClass: 'standard_ia',
    });
    expect(output.settings).toEqual({
      encryption: null,
      cannedAcl: null,
      grants: [
        { grantee: { by: 'id', id: '79a59' }, permission: 'FULL_CONTROL' },
        { grantee: { by: 'uri', uri: 'http://acs.amazonaws.com/groups/global/AllUsers' }, permission: 'READ' },
        { grantee: { by: 'emailAddress', emailAddress: 'a@example.com' }, permission: 'READ_ACP' },
      ],
      tags: [
        ['team', 'a b'],
        ['empty', ''],
      ],
      metadata: [['Purpose-1', 'x, y']],
      storageClass: 'STANDARD_IA',
    });
    expect(JSON.parse(sent).S3).toMatchObject({ AccessControlList, StorageClass: 'standard_ia' });
    expect(settings({ CannedACL: 'bucket-owner-read', AccessControlList: [] }).cannedAcl).toBe('bucket-owner-read');
  });
});

describe('S-69 what is refused', () => {
  test.each([
    [
      'ab',
      'a'.repeat(64),
      'Results',
      'a_b',
      'a..b',
      '-ab',
      'ab-',
      '.ab',
      'a/b',
      '../etc',
      '192.168.5.4',
      'xn--a',
      'a-s3alias',
    ],
  ])('buckets that cannot be', (...names) => {
    for (const BucketName of names) {
      expect(() => parse({ ...PLACE, BucketName })).toThrow('Invalid OutputLocation.S3.BucketName: ');
    }
  });

  test.each([
    ['../a', 'a/../b', 'a/..', './a', 'a/./b', '/a', 'a//b', 'a//', '/', '..'],
    ['a\u0000', 'a\nb', 'a\u007f', 'a\u0085', 'a\ud800'],
    ['x'.repeat(513), 'é'.repeat(257), 'x'.repeat(2048)],
  ])('prefixes that could lead elsewhere', (...prefixes) => {
    for (const Prefix of prefixes)
      expect(() => parse({ ...PLACE, Prefix })).toThrow('Invalid OutputLocation.S3.Prefix: ');
  });

  test('whatever a prefix is, its segments are names', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '.', '/', '\n', 'é', '%') }), (Prefix) => {
        let prefix = 'a';
        try {
          ({ prefix } = parse({ ...PLACE, Prefix }).output);
        } catch (error) {
          expect(error).toBeInstanceOf(GlacierError);
        }
        expect(new URL(`http://host/${prefix}`).pathname.split('/')).toHaveLength(prefix.split('/').length + 1);
      }),
    );
  });
});

describe('what else is refused', () => {
  test.each([
    [{ OutputLocation: null }, 'Required parameter missing: OutputLocation'],
    [{ OutputLocation: {} }, 'Required parameter missing: OutputLocation.S3'],
    [{ OutputLocation: { S3: { Prefix: 'p' } } }, 'Required parameter missing: OutputLocation.S3.BucketName'],
    [{ OutputLocation: { S3: { BucketName: 'abc' } } }, 'Required parameter missing: OutputLocation.S3.Prefix'],
    [
      { OutputLocation: { S3: { BucketName: 'abc', Prefix: '' } } },
      'Required parameter missing: OutputLocation.S3.Prefix',
    ],
    [{ OutputLocation: { S3: [] } }, 'The member OutputLocation.S3 of the request body must be an object.'],
  ])('%j', (body, message) => {
    expect(() => parseOutputLocation(body)).toThrow(message);
  });

  const grant = (grantee: object, permission = 'READ') => ({
    AccessControlList: [{ Grantee: grantee, Permission: permission }],
  });
  test.each<[object, string]>([
    [{ Encryption: {} }, 'Required parameter missing: OutputLocation.S3.Encryption.EncryptionType'],
    [
      { Encryption: { EncryptionType: 'SSE-C' } },
      'Encryption.EncryptionType: SSE-C. It must be one of aws:kms, AES256.',
    ],
    [{ Encryption: { EncryptionType: 'AES256', KMSKeyId: 'k' } }, 'Encryption.KMSKeyId: it goes with aws:kms only.'],
    [
      { Encryption: { EncryptionType: 'AES256', KMSContext: '{}' } },
      'Encryption.KMSContext: it goes with aws:kms only.',
    ],
    [{ Encryption: { EncryptionType: 'aws:kms', KMSKeyId: 'a b' } }, 'Encryption.KMSKeyId: it must be'],
    [{ Encryption: { EncryptionType: 'aws:kms', KMSContext: '{"a":1}' } }, 'Encryption.KMSContext: it must be JSON'],
    [{ Encryption: { EncryptionType: 'aws:kms', KMSContext: 'plain' } }, 'Encryption.KMSContext: it must be JSON'],
    [{ CannedACL: 'log-delivery-write' }, 'CannedACL: log-delivery-write. It must be one of private,'],
    [{ CannedACL: 'private', ...grant({ Type: 'Group', URI: 'u' }) }, 'AccessControlList: it cannot go with'],
    [
      { StorageClass: 'GLACIER' },
      'StorageClass: GLACIER. It must be one of STANDARD, REDUCED_REDUNDANCY, STANDARD_IA.',
    ],
    [{ AccessControlList: [{ Permission: 'READ' }] }, 'missing: OutputLocation.S3.AccessControlList[0].Grantee'],
    [grant({}), 'missing: OutputLocation.S3.AccessControlList[0].Grantee.Type'],
    [grant({ Type: 'Group' }), 'missing: OutputLocation.S3.AccessControlList[0].Grantee.URI'],
    [grant({ Type: 'CanonicalUser', URI: 'u' }), 'missing: OutputLocation.S3.AccessControlList[0].Grantee.ID'],
    [grant({ Type: 'Group', URI: 'u' }, 'WRITE'), 'WRITE has no meaning for objects.'],
    [grant({ Type: 'Group', URI: 'u" , id="x' }), 'Grantee.URI: "u\\" , id=\\"x" cannot name a grantee.'],
    [{ Tagging: { 'aws:x': '1' } }, 'Tagging: the key "aws:x" must have'],
    [{ Tagging: { '': '1' } }, 'Tagging: the key ""'],
    [{ Tagging: { ['k'.repeat(129)]: '1' } }, 'Tagging: the key'],
    [{ Tagging: { k: 'v'.repeat(257) } }, 'Tagging: the value of "k" may have 256'],
    [{ Tagging: { k: 'a&b' } }, 'Tagging: the value of "k"'],
    [{ Tagging: Object.fromEntries([...'abcdefghijk'].map((key) => [key, ''])) }, 'Tagging: it has 11 tags'],
    [{ Tagging: { k: 1 } }, 'The member OutputLocation.S3.Tagging of the request body must be an object of strings.'],
    [{ UserMetadata: { 'a b': 'x' } }, 'UserMetadata: "a b" cannot be the name of a header'],
    [{ UserMetadata: { A: 'x', a: 'y' } }, 'UserMetadata: "a" cannot be the name of a header'],
    [{ UserMetadata: { a: 'x\r\ny: z' } }, 'UserMetadata: the value of a may hold printable ASCII'],
    [{ UserMetadata: { a: 'x'.repeat(2048) } }, 'UserMetadata: names and values have 2049 bytes'],
  ])('%j', (more, message) => {
    expect(() => settings(more)).toThrow(message);
  });
});
