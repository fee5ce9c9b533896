import { oneMonthAfter } from '../model/calendar.ts';
import type { CapacityUnit } from '../model/capacity.ts';
import { GlacierError } from '../model/errors.ts';
import { newCapacityId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { Arrangement } from './arrangement.ts';

/** Provisioned capacity: units that keep Expedited retrievals possible for a month. */
export class Capacity {
  readonly #given: Arrangement;

  constructor(given: Arrangement) {
    this.#given = given;
  }

  /** Buys a unit and returns its id. LimitExceededException when the account has as many as it may. */
  async purchase(accountId: string): Promise<string> {
    const startedAtMs = this.#given.clock.nowMs();
    const unit: CapacityUnit = { id: newCapacityId(), startedAtMs, expiresAtMs: oneMonthAfter(startedAtMs) };
    const unitsMax = limits.capacityUnitsMax;
    if ((await this.#given.metadata.capacity.add({ accountId, unit, unitsMax })) === 'full') {
      throw new GlacierError(
        'LimitExceededException',
        `The account has ${unitsMax} active provisioned capacity units, which is the limit.`,
      );
    }
    return unit.id;
  }

  /** The active units of an account. */
  async list(accountId: string): Promise<CapacityUnit[]> {
    return this.#given.metadata.capacity.list({ accountId, nowMs: this.#given.clock.nowMs() });
  }
}
