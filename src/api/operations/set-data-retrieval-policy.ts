import { nothing } from '../reply.ts';
import { parseRetrievalPolicy } from '../retrieval-policy.ts';
import type { Operation } from '../route.ts';

export const setDataRetrievalPolicy: Operation = {
  name: 'SetDataRetrievalPolicy',
  method: 'PUT',
  path: '/{accountId}/policies/data-retrieval',
  status: 204,
  body: 'whole',
  async run(call, core) {
    const policy = parseRetrievalPolicy(await call.jsonBodyWithBigints());
    await core.retrievalPolicies.set({ accountId: call.accountId, policy });
    return nothing();
  },
};
