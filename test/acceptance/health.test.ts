import { statfsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { operatorOf } from '../support/operator.ts';
import { ask, askUpload, bytesOf, send, sign } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault, retrieve, upload } from '../support/wire.ts';

/** What a server tells of itself, and what it does when its disk is almost full. */
const ADMIN = ['--admin-listen', '127.0.0.1:0'];

function adminUrl(server: TestServer): string {
  const line = server
    .stderr()
    .split('\n')
    .find((text) => text.includes('the admin listener answers'));
  return (JSON.parse(line ?? '{}') as { url: string }).url;
}

test('a server that is well says so, in metrics too', async () => {
  await using server = await startServer({ flags: ADMIN });
  await createVault(server, 'well');
  await upload(server, Buffer.alloc(1000), 'well');
  const admin = adminUrl(server);
  expect(await (await fetch(`${server.url}/readyz`)).json()).toEqual({ status: 'ok' });
  expect(await (await fetch(`${admin}/healthz`)).json()).toEqual({ status: 'ok' });
  const ready = (await (await fetch(`${admin}/readyz`)).json()) as { disks: { name: string }[] };
  expect(ready).toMatchObject({ status: 'ok', reasons: [], uploads: 0, damaged: 0, jobs: 0 });
  expect(ready.disks.map(({ name }) => name)).toEqual(['metadata', 'blobs']);
  const metrics = await fetch(`${admin}/metrics`);
  expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const text = await metrics.text();
  expect(text).toMatch(/^moraine_requests_total\{operation="UploadArchive",status="2xx"\} 1$/m);
  expect(text).toMatch(/^moraine_disk_free_bytes\{directory="blobs"\} [1-9]\d*$/m);
  expect(text).toMatch(/^moraine_degraded\{reason="low-space"\} 0$/m);
  expect(text).toMatch(/^moraine_file_failures\{kind="fsync"\} 0$/m);
  expect(Number(/^moraine_received_bytes_total (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(1000);
  expect((await fetch(`${admin}/-/vaults`)).status).toBe(404);
  expect((await fetch(`${admin}/metrics`, { method: 'POST' })).status).toBe(405);
  expect((await fetch(`${server.url}/metrics`)).status).not.toBe(200);
});

test('F-10 below the reserve uploads are refused before 100 Continue, and everything else goes on', async () => {
  await using server = await startServer();
  await createVault(server, 'wire');
  const bytes = Buffer.alloc(5000, 'x');
  const ArchiveId = await upload(server, bytes);
  expect(await server.stop()).toBe(0);
  const { bavail, bsize } = statfsSync(server.dataDir);
  const reserve = String(bavail * bsize + 2 ** 40);
  await using full = await startServer({ dataDir: server.dataDir, flags: ['--disk-reserve', reserve, ...ADMIN] });
  const request = sign(askUpload(full, bytes, { headers: { Expect: '100-continue' } }), full);
  const answer = await send(full, bytesOf({ ...request, body: Buffer.alloc(0) }));
  expect(answer.status).toBe(500);
  expect(answer.body.toString()).toContain('ServiceUnavailableException');
  expect(await (await fetch(`${full.url}/readyz`)).json()).toEqual({ status: 'degraded: low-space' });
  expect(await (await fetch(`${adminUrl(full)}/readyz`)).json()).toMatchObject({ reasons: ['low-space'] });
  await createVault(full, 'another');
  const target = await retrieve(full, { Type: 'archive-retrieval', ArchiveId });
  const output = await send(full, bytesOf(sign(ask(full, { target }), full)));
  expect(output.status).toBe(200);
  const { code, stdout } = await operatorOf(full.dataDir).run(['doctor']);
  expect(code).toBe(3);
  expect(stdout).toMatch(/^blobs: space +attention /m);
});

test('the doctor finds a server that is well, running or not', async () => {
  await using server = await startServer({ flags: ['--disk-reserve', '0'] });
  const operator = operatorOf(server.dataDir);
  const serving = await operator.run(['doctor']);
  expect(serving.stdout).toMatch(/^server +fine +serves$/m);
  expect(serving).toMatchObject({ code: 0, stderr: '' });
  await server.stop();
  const { findings, attention } = await operator.ask<{
    findings: { what: string; found: string }[];
    attention: number;
  }>([...['doctor', '--disk-reserve', '0']]);
  expect(attention).toBe(0);
  expect(findings.find(({ what }) => what === 'server')?.found).toBe('does not run');
  expect(findings.map(({ what }) => what)).toEqual(
    expect.arrayContaining(['version', 'hashing', 'encryption', 'blobs: fsync', 'damage', 'last scrub', 'clock']),
  );
});
