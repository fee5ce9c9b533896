import type { Place } from '../select-error.ts';
import type { DatePart } from '../sql/syntax.ts';
import { dateAdd, dateDiff, extract } from '../values/date-arithmetic.ts';
import type { Value } from '../values/value.ts';
import { absence, integerReader, isPresent, requireInteger, requireKind, timestampReader } from './reading.ts';
import { computed, NUMBER, type Term, TIMESTAMP } from './term.ts';

/** Functions of a part of timestamps. */

export function dateAdded(
  part: DatePart,
  { quantity, operand, place }: { quantity: Term; operand: Term; place: Place },
): Term {
  const what = 'DATE_ADD';
  requireInteger(quantity, { what, place });
  requireKind(operand.kinds, 'timestamp', { what, place });
  const readQuantity = integerReader(quantity.kinds, what);
  const readTimestamp = timestampReader(operand.kinds, what);
  const evaluate = (): Value => {
    const count = readQuantity(quantity.evaluate());
    const timestamp = readTimestamp(operand.evaluate());
    return isPresent(count) && isPresent(timestamp) ? dateAdd(part, count, timestamp) : absence(count, timestamp);
  };
  return computed(TIMESTAMP, [quantity, operand], evaluate);
}

export function dateDifference(part: DatePart, { from, to, place }: { from: Term; to: Term; place: Place }): Term {
  const what = 'DATE_DIFF';
  requireKind(from.kinds, 'timestamp', { what, place });
  requireKind(to.kinds, 'timestamp', { what, place });
  const readFrom = timestampReader(from.kinds, what);
  const readTo = timestampReader(to.kinds, what);
  const evaluate = (): Value => {
    const [earlier, later] = [readFrom(from.evaluate()), readTo(to.evaluate())];
    return isPresent(earlier) && isPresent(later) ? dateDiff(part, earlier, later) : absence(earlier, later);
  };
  return computed(NUMBER, [from, to], evaluate);
}

export function extracted(part: DatePart, operand: Term, place: Place): Term {
  requireKind(operand.kinds, 'timestamp', { what: 'EXTRACT', place });
  const read = timestampReader(operand.kinds, 'EXTRACT');
  const evaluate = (): Value => {
    const timestamp = read(operand.evaluate());
    return isPresent(timestamp) ? extract(part, timestamp) : timestamp;
  };
  return computed(NUMBER, [operand], evaluate);
}
