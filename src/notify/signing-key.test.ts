import 'reflect-metadata';
import { X509Certificate as NodeCertificate, verify } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, X509Certificate } from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../model/clock.ts';
import { signingKeyIn } from './signing-key.ts';

let directory: string;
let path: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-signing-'));
  path = join(directory, 'notify-signing.pem');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const load = (from = path) => signingKeyIn({ path: from, clock: systemClock }).findOrMake();

describe('the signing key', () => {
  test('is made when it is first asked for, privately, and is the same ever after', async () => {
    const { find, findOrMake: ask } = signingKeyIn({ path, clock: systemClock });
    expect(await find()).toBeUndefined();
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
    const [first, second] = await Promise.all([ask(), ask()]);
    expect(second).toBe(first);
    expect(await find()).toBe(first);
    expect((await signingKeyIn({ path, clock: systemClock }).find())?.fingerprint).toBe(first.fingerprint);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o644);
    const again = await load();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect([again.certificatePem, again.fingerprint]).toEqual([first.certificatePem, first.fingerprint]);
    expect(again.confirmationToken('arn')).toBe(first.confirmationToken('arn'));
    expect(first.fingerprint).toMatch(/^[0-9a-f]{32}$/);
  });

  test('signs what its certificate verifies', async () => {
    const key = await load();
    for (const [version, algorithm] of [
      ['1', 'sha1'],
      ['2', 'sha256'],
    ] as const) {
      const signature = Buffer.from(await key.sign('text', version), 'base64');
      expect(verify(algorithm, Buffer.from('text'), key.certificatePem, signature)).toBe(true);
      expect(verify(algorithm, Buffer.from('texT'), key.certificatePem, signature)).toBe(false);
    }
  });

  test('has a certificate that others read as it is meant', async () => {
    const { certificatePem } = await load();
    const certificate = new X509Certificate(certificatePem);
    expect(await certificate.verify({ signatureOnly: true })).toBe(true);
    expect(certificate.subject).toBe('CN=Moraine notifications');
    expect(certificate.issuer).toBe(certificate.subject);
    expect(certificate.notAfter.toISOString()).toBe('9999-12-31T23:59:59.000Z');
    expect(Math.abs(Date.now() - certificate.notBefore.getTime() - 3_600_000)).toBeLessThan(600_000);
    expect(certificate.getExtension(BasicConstraintsExtension)).toMatchObject({ ca: false, critical: true });
    expect(certificate.getExtension(KeyUsagesExtension)?.usages).toBe(KeyUsageFlags.digitalSignature);
    expect(certificate.publicKey.algorithm).toMatchObject({ name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048 });
    const node = new NodeCertificate(certificatePem);
    expect(node.verify(node.publicKey)).toBe(true);
    expect(node.validFromDate.getTime()).toBe(certificate.notBefore.getTime());
  });

  test('gives each subscription a token of its own', async () => {
    const key = await load();
    const tokens = ['a', 'b'].map(key.confirmationToken);
    expect(new Set(tokens).size).toBe(2);
    expect(tokens.every((token) => /^[0-9a-f]{64}$/.test(token))).toBe(true);
  });

  test.each(['nonsense', ''])('in a file that cannot be understood is refused and left alone: %j', async (text) => {
    const broken = join(directory, 'broken.pem');
    writeFileSync(broken, text);
    await expect(load(broken)).rejects.toThrow(`the signing key in ${broken} cannot be used: `);
    expect(readFileSync(broken, 'utf8')).toBe(text);
  });

  test('with the certificate of another key is refused', async () => {
    const other = join(directory, 'other.pem');
    await load(other);
    const [key] = readFileSync(path, 'utf8').split('-----BEGIN CERTIFICATE-----');
    const mixed = join(directory, 'mixed.pem');
    writeFileSync(
      mixed,
      `${key}-----BEGIN CERTIFICATE-----${readFileSync(other, 'utf8').split('-----BEGIN CERTIFICATE-----')[1]}`,
    );
    await expect(load(mixed)).rejects.toThrow('the certificate is not that of the key');
  });

  test('that cannot be written is not made again', async () => {
    const away = join(directory, 'away');
    const clock = { nowMs: vi.fn(() => Date.now()) };
    const { find, findOrMake } = signingKeyIn({ path: join(away, 'key.pem'), clock });
    for (let count = 0; count < 3; count += 1) await expect(findOrMake()).rejects.toThrow('ENOENT');
    expect(await find()).toBeUndefined();
    mkdirSync(away);
    expect((await findOrMake()).fingerprint).toMatch(/^[0-9a-f]{32}$/);
    expect(clock.nowMs).toHaveBeenCalledTimes(1);
  });

  test('is read again after a failure', async () => {
    const late = join(directory, 'late.pem');
    mkdirSync(late);
    const { findOrMake: ask } = signingKeyIn({ path: late, clock: systemClock });
    await expect(ask()).rejects.toThrow('must be a regular file');
    rmSync(late, { recursive: true });
    expect((await ask()).fingerprint).toMatch(/^[0-9a-f]{32}$/);
  });
});
