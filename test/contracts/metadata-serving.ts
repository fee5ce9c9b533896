import { expect, test } from 'vitest';
import type { MetadataUnderTest } from './metadata-fixtures.ts';

export function servingContract(tested: () => MetadataUnderTest): void {
  test('what the server was started with last is kept, with and without an audit log', async () => {
    const { metadata } = tested();
    expect(await metadata.serving.find()).toBeUndefined();
    const first = { accountId: '111122223333', region: 'eu-west-1', mirror: '/mnt/copy', auditLog: null };
    await metadata.serving.save(first);
    expect(await metadata.serving.find()).toEqual(first);
    const second = {
      accountId: '444455556666',
      region: 'us-east-1',
      mirror: null,
      auditLog: { path: 'audit/audit.log', fileBytesMax: 2 ** 40, filesMax: 3 },
    };
    await metadata.serving.save(second);
    expect(await metadata.serving.find()).toEqual(second);
  });
}
