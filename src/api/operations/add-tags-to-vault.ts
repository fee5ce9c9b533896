import { nothing } from '../reply.ts';
import type { Operation } from '../route.ts';
import { parseTags, subjectOf } from '../tag-parameters.ts';

export const addTagsToVault: Operation = {
  name: 'AddTagsToVault',
  method: 'POST',
  path: '/{accountId}/vaults/{vaultName}/tags?operation=add',
  status: 204,
  body: 'whole',
  async subject(call) {
    const body = await call.lenientBody();
    return subjectOf(() => {
      const requestTags = parseTags(body);
      return { requestTags, tagKeys: [...requestTags.keys()] };
    });
  },
  async run(call, core) {
    await core.tags.add({ vault: call.vault, tags: parseTags(await call.jsonBody()) });
    return nothing();
  },
};
