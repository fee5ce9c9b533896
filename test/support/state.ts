import type { Target } from './clients.ts';
import { send } from './raw-client.ts';

const SETTINGS = ['tags', 'notification-configuration', 'access-policy'];

/**
 * Everything of a vault that a client can see without changing it: the vault, its settings, its jobs, its open uploads and
 * their parts, as the wire shows them. A refused request must leave this text as it was.
 */
export async function stateOf(target: Target, vaultName: string): Promise<string> {
  const get = async (path: string) => send(target, { method: 'GET', path });
  const vault = `/-/vaults/${vaultName}`;
  const uploads = await get(`${vault}/multipart-uploads`);
  const found: { MultipartUploadId: string }[] = uploads.status === 200 ? uploads.json.UploadsList : [];
  const others = await Promise.all([
    get(vault),
    get(`${vault}/jobs`),
    ...SETTINGS.map((setting) => get(`${vault}/${setting}`)),
    ...found.map((upload) => get(`${vault}/multipart-uploads/${upload.MultipartUploadId}`)),
  ]);
  return [uploads, ...others].map((answer) => `${answer.status} ${answer.text}`).join('\n');
}
