import fc from 'fast-check';
import { RESERVED_WORDS } from '../../src/select/sql/reserved-words.ts';
import {
  AGGREGATES,
  type Arithmetic,
  COMPARISONS,
  DATE_PARTS,
  type Expression,
  FUNCTIONS,
  type FunctionName,
  type Item,
  type Name,
  type Statement,
  TYPE_NAMES,
} from '../../src/select/sql/syntax.ts';

/** Random queries as the parser makes them, but all at one place. */
const place = { line: 1, column: 1 };
const word = fc.stringMatching(/^[a-z_$][a-z0-9_$]{0,5}$/).filter((text) => !RESERVED_WORDS.has(text.toUpperCase()));
const character = fc.oneof(fc.string({ minLength: 1, maxLength: 1 }), fc.constantFrom(...'\'"`\n\0é–𝒂'));
const text = fc.array(character, { maxLength: 5 }).map((found) => found.join(''));
const name: fc.Arbitrary<Name> = fc.oneof(
  word.map((found) => ({ text: found, quoted: false })),
  text.map((found) => ({ text: found, quoted: true })),
);
const placed = <Shape extends object>(shape: fc.Arbitrary<Shape>): fc.Arbitrary<Shape & { place: typeof place }> =>
  shape.map((found) => ({ ...found, place }));
const kind = <const Kind extends string>(found: Kind) => fc.constant(found);

const number = fc.stringMatching(/^(?:\d{1,4}(?:\.\d{0,3})?|\.\d{1,3})(?:[eE][+-]?\d{1,2})?$/);
const ion = text.map((found) => found.replaceAll('`', ''));
const leaf: fc.Arbitrary<Expression> = fc.oneof(
  placed(fc.record({ kind: kind('string'), value: text })),
  placed(fc.record({ kind: kind('number'), text: number })),
  placed(fc.record({ kind: kind('ion'), text: ion })),
  placed(fc.record({ kind: kind('constant'), value: fc.constantFrom(true, false, null, undefined) })),
  placed(fc.record({ kind: kind('column'), qualifier: fc.constant(null), name })),
);

const CHAINS: Arithmetic[][] = [['||'], ['+', '-'], ['*', '/', '%']];
const COUNTED_PARTS = DATE_PARTS.slice(0, 6);

function composed(inner: fc.Arbitrary<Expression>): fc.Arbitrary<Expression> {
  const negated = fc.boolean();
  const some = fc.array(inner, { minLength: 1, maxLength: 3 });
  const perhaps = fc.option(inner);
  const chain = fc.constantFrom(...CHAINS).chain((operators) => {
    const link = placed(fc.record({ operator: fc.constantFrom(...operators), operand: inner }));
    return fc.record({ kind: kind('chain'), first: inner, rest: fc.array(link, { minLength: 1, maxLength: 3 }) });
  });
  const call = fc.constantFrom(...(Object.keys(FUNCTIONS) as FunctionName[])).chain((called) => {
    const { min, max } = FUNCTIONS[called];
    const found = fc.array(inner, { minLength: min, maxLength: Math.min(max, 3) });
    return fc.record({ kind: kind('call'), name: kind(called), arguments: found });
  });
  // biome-ignore lint/suspicious/noThenProperty: it is SQL's word, and nobody awaits a branch
  const branches = fc.array(fc.record({ when: inner, then: inner }), { minLength: 1, maxLength: 2 });
  const sides = fc.constantFrom('leading' as const, 'trailing' as const, 'both' as const);
  const operands = fc.array(inner, { minLength: 2, maxLength: 4 });
  return fc.oneof(
    placed(fc.record({ kind: kind('not'), operand: inner })),
    placed(fc.record({ kind: kind('sign'), operator: fc.constantFrom('+' as const, '-' as const), operand: inner })),
    placed(fc.record({ kind: kind('logic'), operator: fc.constantFrom('and' as const, 'or' as const), operands })),
    placed(chain),
    placed(
      fc.record({ kind: kind('comparison'), operator: fc.constantFrom(...COMPARISONS), left: inner, right: inner }),
    ),
    placed(fc.record({ kind: kind('between'), negated, operand: inner, low: inner, high: inner })),
    placed(fc.record({ kind: kind('in'), negated, operand: inner, choices: some })),
    placed(fc.record({ kind: kind('like'), negated, operand: inner, pattern: inner, escape: perhaps })),
    placed(
      fc.record({
        kind: kind('is'),
        negated,
        operand: inner,
        what: fc.constantFrom('null' as const, 'missing' as const),
      }),
    ),
    placed(fc.record({ kind: kind('cast'), operand: inner, type: fc.constantFrom(...TYPE_NAMES) })),
    placed(call),
    placed(
      fc.record({ kind: kind('date-add'), part: fc.constantFrom(...COUNTED_PARTS), quantity: inner, operand: inner }),
    ),
    placed(fc.record({ kind: kind('date-diff'), part: fc.constantFrom(...COUNTED_PARTS), from: inner, to: inner })),
    placed(fc.record({ kind: kind('extract'), part: fc.constantFrom(...DATE_PARTS), operand: inner })),
    placed(fc.record({ kind: kind('trim'), side: sides, characters: perhaps, operand: inner })),
    placed(fc.record({ kind: kind('case'), subject: perhaps, branches, otherwise: perhaps })),
  );
}

export const expressions: fc.Arbitrary<Expression> = fc.letrec<{ expression: Expression; composed: Expression }>(
  (tie) => ({
    expression: fc.oneof({ maxDepth: 4, withCrossShrink: true }, leaf, tie('composed')),
    composed: composed(tie('expression')),
  }),
).expression;

const alias: fc.Arbitrary<Name | null> = fc.option(name);
const aggregate: fc.Arbitrary<Expression> = placed(
  fc.record({ kind: kind('aggregate'), name: fc.constantFrom(...AGGREGATES), operand: fc.option(expressions) }),
).map((found) => (found.operand === null ? { ...found, name: 'COUNT' } : found));
const items = (expression: fc.Arbitrary<Expression>): fc.Arbitrary<Item[]> =>
  fc.array(fc.record({ kind: kind('expression'), expression, alias }), { minLength: 1, maxLength: 3 });

export const statements: fc.Arbitrary<Statement> = fc.record({
  items: fc.oneof(fc.constant<Item[]>([{ kind: 'all', place }]), items(expressions), items(aggregate)),
  alias,
  where: fc.option(expressions),
  limit: fc.option(fc.bigInt(0n, 2n ** 63n - 1n)),
});
