import { limits } from '../../model/limits.ts';
import { errorAt, type Place, type SelectError } from '../select-error.ts';
import type { Name } from '../sql/syntax.ts';
import { shown } from '../values/shown.ts';
import type { Columns } from './plan.ts';

/**
 * Which field a column is. Positions are `_1`, `_2` and so on. Where there are names, unquoted ones stand for any case and
 * quoted ones for themselves; positions still work, unless a name is written just so. Amazon's guide forbids to use both
 * in one query: an unquoted `_1` counts as a position then.
 */
export interface ColumnFinder {
  /** The field, counted from 0. Throws SelectError, with the place. */
  find: (column: { name: Name; place: Place }) => number;
  /** So many fields, counted from the first, have been found until now. */
  read: () => number;
}

const POSITION = /^_([1-9]\d{0,6})$/;
/** Of a name that several columns have. */
const SEVERAL = -1;

export function columnFinder(columns: Columns): ColumnFinder {
  const named = columns.kind === 'names' ? byName(columns.names) : null;
  const refuseMix = mixRefusal();
  let read = 0;
  const find: ColumnFinder['find'] = ({ name, place }) => {
    const position = positionOf(name);
    const header = named?.(name);
    // What is quoted may be a name that looks like a position; without the names that is not known.
    const isPosition = position !== undefined && !(name.quoted && header !== undefined);
    const isKnown = columns.kind === 'names' || !(name.quoted && isPosition);
    if (columns.kind !== 'positions' && isKnown) refuseMix({ name, place, isPosition });
    if (columns.kind === 'names-to-come') return position ?? 0;
    const field = header ?? position;
    if (field === undefined) throw unknownColumn(columns, name, place);
    if (field === SEVERAL) {
      throw errorAt('AmbiguousFieldName', `The header has several columns called ${shown(name.text)}`, place);
    }
    read = Math.max(read, field + 1);
    return field;
  };
  return { find, read: () => read };
}

function mixRefusal(): (column: { name: Name; place: Place; isPosition: boolean }) => void {
  let first: { text: string; isPosition: boolean } | null = null;
  return ({ name: { text }, place, isPosition }) => {
    first ??= { text, isPosition };
    if (first.isPosition === isPosition) return;
    const [position, name] = isPosition ? [text, first.text] : [first.text, text];
    const message = `${shown(position)} is a position and ${shown(name)} a name, and a query has columns of one sort only`;
    throw errorAt('InvalidColumnIndex', message, place);
  };
}

/** Many a query has a text in double quotes, as other programs take it. */
function unknownColumn(columns: Columns, { text, quoted }: Name, place: Place): SelectError {
  const hint = quoted ? '; double quotes hold the exact name of a column, single ones a text' : '';
  return columns.kind === 'positions'
    ? errorAt(
        'InvalidColumnIndex',
        `${shown(text)} is no column; without names they are _1, _2 and so on${hint}`,
        place,
      )
    : errorAt('MissingHeaders', `The header has no column called ${shown(text)}${hint}`, place);
}

function positionOf({ text }: Name): number | undefined {
  const digits = POSITION.exec(text)?.[1];
  return digits === undefined || Number(digits) > limits.selectColumnsMax ? undefined : Number(digits) - 1;
}

/** The field that a name stands for; undefined where the header has no such name. */
function byName(names: readonly string[]): (name: Name) => number | undefined {
  const exact = new Map<string, number>();
  const folded = new Map<string, number>();
  for (const [field, text] of names.entries()) {
    exact.set(text, exact.has(text) ? SEVERAL : field);
    const lower = text.toLowerCase();
    folded.set(lower, folded.has(lower) ? SEVERAL : field);
  }
  return ({ text, quoted }) => (quoted ? exact.get(text) : folded.get(text.toLowerCase()));
}
