/** A provisioned capacity unit, bought for a month. */
export interface CapacityUnit {
  id: string;
  startedAtMs: number;
  expiresAtMs: number;
}
