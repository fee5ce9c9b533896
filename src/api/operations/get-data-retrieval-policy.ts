import { json } from '../reply.ts';
import { renderRetrievalPolicy } from '../retrieval-policy.ts';
import type { Operation } from '../route.ts';

export const getDataRetrievalPolicy: Operation = {
  name: 'GetDataRetrievalPolicy',
  method: 'GET',
  path: '/{accountId}/policies/data-retrieval',
  status: 200,
  body: 'whole',
  async run(call, core) {
    return json(renderRetrievalPolicy(await core.retrievalPolicies.get(call.accountId)));
  },
};
