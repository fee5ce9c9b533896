import type { CapacityUnit } from '../../model/capacity.ts';
import { formatInstant } from '../../model/instants.ts';
import { json } from '../reply.ts';
import type { Operation } from '../route.ts';

export const listProvisionedCapacity: Operation = {
  name: 'ListProvisionedCapacity',
  method: 'GET',
  path: '/{accountId}/provisioned-capacity',
  status: 200,
  body: 'whole',
  async run(call, core) {
    const units = await core.capacity.list(call.accountId);
    return json({ ProvisionedCapacityList: units.map(renderUnit) });
  },
};

function renderUnit({ id, startedAtMs, expiresAtMs }: CapacityUnit) {
  return { CapacityId: id, ExpirationDate: formatInstant(expiresAtMs), StartDate: formatInstant(startedAtMs) };
}
