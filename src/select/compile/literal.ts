import { errorAt, type Place } from '../select-error.ts';
import { parseDecimal } from '../values/decimal.ts';
import { inRange } from '../values/numbers.ts';
import { placed } from './fold.ts';
import { constantTerm, type Term } from './term.ts';

/** A number as it is written: whole without a point and an exponent, and a decimal with either. Throws SelectError. */
export function numberLiteral(text: string, place: Place): Term {
  if (/^-?\d+$/.test(text)) return constantTerm(placed(place, () => inRange(BigInt(text))));
  const decimal = parseDecimal(text);
  if (decimal === undefined) throw errorAt('LexerInvalidLiteral', 'The number is beyond the range of a decimal', place);
  return constantTerm(decimal);
}
