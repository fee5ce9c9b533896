import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { scratchDirectory } from '../contracts/scratch.ts';

/** A certificate of a name on this machine, and the authority that a client must trust to believe it. */
export interface TestTls {
  key: string;
  cert: string;
  ca: string;
  /** A file with `ca`, for NODE_EXTRA_CA_CERTS. */
  caPath: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const VALIDITY = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) };

export async function testTls(names: readonly string[] = ['localhost', '127.0.0.1']): Promise<TestTls> {
  cryptoProvider.set(webcrypto as typeof crypto);
  const [authority, server] = await Promise.all([newKeys(), newKeys()]);
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...VALIDITY,
    serialNumber: '01',
    name: 'CN=Authority of a test',
    signingAlgorithm: ALGORITHM,
    keys: authority,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  const cert = await X509CertificateGenerator.create({
    ...VALIDITY,
    serialNumber: '02',
    subject: 'CN=Receiver of a test',
    issuer: ca.subject,
    signingAlgorithm: ALGORITHM,
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new SubjectAlternativeNameExtension(
        names.map((value) => ({ type: /^[\d.]+$/.test(value) ? 'ip' : 'dns', value }) as const),
      ),
    ],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', server.privateKey), 'PRIVATE KEY');
  const directory = scratchDirectory();
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const caPath = join(directory, 'authority.pem');
  writeFileSync(caPath, ca.toString('pem'));
  return { key, cert: cert.toString('pem'), ca: ca.toString('pem'), caPath };
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
