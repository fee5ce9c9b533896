import { errorAt, type Place, SelectError } from '../select-error.ts';
import { constantTerm, type Term } from './term.ts';

/** Does what may throw a SelectError without a place, and gives it one. */
export function placed<Result>(place: Place, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SelectError)) throw error;
    throw errorAt(error.code, error.message, place);
  }
}

/**
 * What is the same for every record is worked out once, and its errors are those of the query's text: they are thrown here,
 * with the place. What no record reaches stays as it is where it cannot be worked out.
 */
export function folded(term: Term, { place, reached }: { place: Place; reached: boolean }): Term {
  if (!term.constant) return term;
  try {
    return constantTerm(placed(place, term.evaluate));
  } catch (error) {
    if (reached || !(error instanceof SelectError)) throw error;
    return { ...term, constant: false };
  }
}
