import type { Value } from '../values/value.ts';
import type { Row } from './row.ts';
import { scaledWith } from './scaled.ts';
import type { Condition, Term } from './term.ts';

/** `BETWEEN` two constants, on the record's bytes; null where these do not tell. */
export function fieldBetween({
  tested,
  low,
  high,
  row,
  exact,
}: {
  tested: Term;
  low: Term;
  high: Term;
  row: Row;
  exact: () => Value;
}): Condition | null {
  if (!low.constant || !high.constant || tested.origin === null) return null;
  const [from, to] = [low.evaluate(), high.evaluate()];
  if (typeof from === 'string' && typeof to === 'string' && tested.origin.castTo === null) {
    return textsBetween({ row, field: tested.origin.field, from: Buffer.from(from), to: Buffer.from(to) });
  }
  const scaled = scaledWith(tested, [from, to]);
  if (scaled === null) return null;
  const { field, decimals } = scaled;
  const [least = Number.NaN, most = Number.NaN] = scaled.constants;
  return {
    holds: () => {
      const number = row.scaled(field, decimals);
      return Number.isNaN(number) ? exact() === true : number >= least && number <= most;
    },
    fails: () => {
      const number = row.scaled(field, decimals);
      return Number.isNaN(number) ? exact() === false : number < least || number > most;
    },
  };
}

function textsBetween({
  row,
  field,
  from,
  to,
}: {
  row: Row;
  field: number;
  from: Uint8Array;
  to: Uint8Array;
}): Condition {
  return {
    holds: () => field < row.fieldCount && row.compare(field, from) >= 0 && row.compare(field, to) <= 0,
    fails: () => field < row.fieldCount && (row.compare(field, from) < 0 || row.compare(field, to) > 0),
  };
}
