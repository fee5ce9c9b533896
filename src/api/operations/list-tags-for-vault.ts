import type { Reply } from '../reply.ts';
import type { Operation } from '../route.ts';

export const listTagsForVault: Operation = {
  name: 'ListTagsForVault',
  method: 'GET',
  path: '/{accountId}/vaults/{vaultName}/tags',
  status: 200,
  body: 'whole',
  async run(call, core) {
    return rendered(await core.tags.list(call.vault));
  },
};

/** In the order given. Written by hand, for an object puts members whose names are numbers before all others. */
function rendered(tags: ReadonlyMap<string, string>): Reply {
  const members = Array.from(tags, ([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return { headers: [], content: { kind: 'json', text: `{"Tags":{${members.join(',')}}}` } };
}
