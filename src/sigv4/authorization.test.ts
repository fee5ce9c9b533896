import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText } from '../../test/support/any-text.ts';
import { GlacierError } from '../model/errors.ts';
import { parseAuthorization, scopeText } from './authorization.ts';

const CREDENTIAL = 'AKIDEXAMPLE/20150830/us-east-1/glacier/aws4_request';
const HEADERS = 'host;x-amz-date;x-amz-glacier-version';
const SIGNATURE = '0123456789abcdef'.repeat(4);
const GOOD = `AWS4-HMAC-SHA256 Credential=${CREDENTIAL}, SignedHeaders=${HEADERS}, Signature=${SIGNATURE}`;

const PARSED = {
  accessKeyId: 'AKIDEXAMPLE',
  scope: { date: '20150830', region: 'us-east-1', service: 'glacier' },
  signedHeaders: ['host', 'x-amz-date', 'x-amz-glacier-version'],
  signature: SIGNATURE,
};

test.each([
  ['as the SDKs write it', GOOD],
  ['without blanks', GOOD.replaceAll(', ', ',')],
  ['with more blanks', GOOD.replaceAll(', ', ' ,  ').replace(' ', '  ')],
  ['in another order', `AWS4-HMAC-SHA256 Signature=${SIGNATURE}, Credential=${CREDENTIAL}, SignedHeaders=${HEADERS}`],
])('reads a header %s', (_, value) => {
  expect(parseAuthorization(value)).toEqual(PARSED);
});

test('the scope is spelt as it was read', () => {
  expect(scopeText(PARSED.scope)).toBe('20150830/us-east-1/glacier/aws4_request');
});

const withCredential = (credential: string): string => GOOD.replace(CREDENTIAL, credential);
const withHeaders = (headers: string): string => GOOD.replace(HEADERS, headers);
const withSignature = (signature: string): string => GOOD.replace(SIGNATURE, signature);

const isRefused = (_: string, value: string): void => {
  expect(() => parseAuthorization(value)).toThrow(
    expect.objectContaining({ name: 'GlacierError', code: 'InvalidSignatureException' }),
  );
};

test.each([
  ['empty', ''],
  ['the algorithm alone', 'AWS4-HMAC-SHA256'],
  ['the algorithm and a blank', 'AWS4-HMAC-SHA256 '],
  ['a blank in front', ` ${GOOD}`],
  ['16 KiB', GOOD + ' '.repeat(16 * 1024)],
  ['non-ASCII', GOOD.replace('AKID', 'AKÏD')],
  ['a tab', GOOD.replace(', ', ',\t')],
  ['a line end', `${GOOD}\n`],
  ['HMAC-SHA1', GOOD.replace('SHA256', 'SHA1')],
  ['signature version 2', 'AWS AKIDEXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg='],
  ['signature version 4a', GOOD.replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256')],
  ['the algorithm in lower case', GOOD.replace('AWS4-HMAC-SHA256', 'aws4-hmac-sha256')],
  ['a bearer token', 'Bearer abc'],
  ['basic', 'Basic QUtJRDpzZWNyZXQ='],
  ['no blank after the algorithm', GOOD.replace('SHA256 ', 'SHA256,')],
  ['missing commas', GOOD.replaceAll(',', '')],
  ['one missing comma', GOOD.replace(', Signature', ' Signature')],
  ['a comma at the end', `${GOOD},`],
  ['an empty part', GOOD.replace(', ', ', , ')],
  ['Credential twice', `${GOOD}, Credential=${CREDENTIAL}`],
  ['SignedHeaders twice', `${GOOD}, SignedHeaders=${HEADERS}`],
  ['Signature twice', `${GOOD}, Signature=${SIGNATURE}`],
  ['a fourth parameter', `${GOOD}, Region=us-east-1`],
  ['a parameter of Object', GOOD.replace('Credential=', '__proto__=')],
  ['credential in lower case', GOOD.replace('Credential=', 'credential=')],
  ['a blank around the equals sign', GOOD.replace('Credential=', 'Credential =')],
  ['no Credential', GOOD.replace(`Credential=${CREDENTIAL}, `, '')],
  ['no SignedHeaders', GOOD.replace(`SignedHeaders=${HEADERS}, `, '')],
  ['no Signature', GOOD.replace(`, Signature=${SIGNATURE}`, '')],
  ['a Credential of four parts', withCredential('AKIDEXAMPLE/20150830/us-east-1/aws4_request')],
  ['a Credential of six parts', withCredential(`AKID/${CREDENTIAL}`)],
  ['an empty Credential', withCredential('')],
  ['an empty key id', withCredential(CREDENTIAL.replace('AKIDEXAMPLE', ''))],
  ['a key id of 129 characters', withCredential(CREDENTIAL.replace('AKIDEXAMPLE', 'A'.repeat(129)))],
  ['an empty region', withCredential(CREDENTIAL.replace('us-east-1', ''))],
  ['an empty service', withCredential(CREDENTIAL.replace('glacier', ''))],
  ['a date of seven digits', withCredential(CREDENTIAL.replace('20150830', '2015083'))],
  ['a date with a time', withCredential(CREDENTIAL.replace('20150830', '20150830T123600Z'))],
  ['another terminator', withCredential(`${CREDENTIAL}x`)],
  ['a terminator in upper case', withCredential(CREDENTIAL.replace('aws4_request', 'AWS4_REQUEST'))],
  ['63 digits', withSignature(SIGNATURE.slice(1))],
  ['65 digits', withSignature(`${SIGNATURE}0`)],
  ['a signature that is not hexadecimal', withSignature(`g${SIGNATURE.slice(1)}`)],
  ['an empty signature', withSignature('')],
])('S-08 refuses %s', isRefused);

test.each([
  ['no signed header', withHeaders('')],
  ['an empty signed header', withHeaders('host;;x-amz-date')],
  ['a semicolon at the end', withHeaders(`${HEADERS};`)],
  ['unsorted headers', withHeaders('x-amz-date;host')],
  ['a repeated header', withHeaders('host;host;x-amz-date')],
  ['a header in upper case', withHeaders('Host;x-amz-date')],
  ['a header name with a blank', withHeaders('host;x amz')],
  ['a header name with a colon', withHeaders('host:a;x-amz-date')],
  ['5,000 headers', withHeaders(Array.from({ length: 5000 }, (_, at) => `x${String(at).padStart(4, '0')}`).join(';'))],
])('S-27 refuses %s', isRefused);

test.each([
  ['an upper-case signature', withSignature(SIGNATURE.toUpperCase())],
  ['a signature with one digit in upper case', withSignature(SIGNATURE.replace('a', 'A'))],
])('S-28 refuses %s', isRefused);

test('any other text is refused in the same way', () => {
  const near = fc.tuple(fc.nat({ max: GOOD.length }), fc.string({ maxLength: 5 })).map(([at, text]) => {
    return GOOD.slice(0, at) + text + GOOD.slice(at + text.length);
  });
  fc.assert(
    fc.property(fc.oneof(anyText(), near), (value) => {
      try {
        const { accessKeyId, scope, signedHeaders, signature } = parseAuthorization(value);
        const credential = `${accessKeyId}/${scopeText(scope)}`;
        const list = signedHeaders.join(';');
        const said = value.replaceAll(' ', '');
        expect(said).toContain(`Credential=${credential}`);
        expect(said).toContain(`SignedHeaders=${list}`);
        expect(said).toContain(`Signature=${signature}`);
      } catch (error) {
        if (!(error instanceof GlacierError)) throw error;
        expect(error.code).toBe('InvalidSignatureException');
      }
    }),
    { numRuns: 300 },
  );
});

test('the message gives the reason and nothing of the header', () => {
  expect(() => parseAuthorization(withCredential('SECRETISH/1'))).toThrow(
    'The Authorization header needs a Credential of five parts: access key id, date, region, service, aws4_request.',
  );
});
