import type { Decimal } from './decimal.ts';
import type { Timestamp } from './timestamp.ts';

/**
 * A value while a query runs. Undefined is MISSING; a bigint is a whole number of 64 bits with a sign; a number is a float
 * of 64 bits and never anything else.
 */
export type Value = undefined | null | boolean | bigint | number | Decimal | string | Timestamp;
