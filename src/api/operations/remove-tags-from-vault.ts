import { nothing } from '../reply.ts';
import type { Operation } from '../route.ts';
import { parseTagKeys, subjectOf } from '../tag-parameters.ts';

export const removeTagsFromVault: Operation = {
  name: 'RemoveTagsFromVault',
  method: 'POST',
  path: '/{accountId}/vaults/{vaultName}/tags?operation=remove',
  status: 204,
  body: 'whole',
  async subject(call) {
    const body = await call.lenientBody();
    return subjectOf(() => ({ tagKeys: parseTagKeys(body) }));
  },
  async run(call, core) {
    await core.tags.remove({ vault: call.vault, tagKeys: parseTagKeys(await call.jsonBody()) });
    return nothing();
  },
};
