import type { Place } from '../select-error.ts';

/**
 * A query as it is written, before anything is known of the archive. Chains of one precedence are flat, so that a walk is
 * never deeper than the nesting that the parser allows.
 */
export interface Statement {
  items: Item[];
  /** The word after FROM; null where there is no alias. */
  alias: Name | null;
  where: Expression | null;
  /** Records to be written at most. */
  limit: bigint | null;
}

export type Item = { kind: 'all'; place: Place } | { kind: 'expression'; expression: Expression; alias: Name | null };

/** An unquoted name stands for any case; a quoted one only for itself. */
export interface Name {
  text: string;
  quoted: boolean;
}

export const COMPARISONS = ['=', '<>', '<', '<=', '>', '>='] as const;
export type Comparison = (typeof COMPARISONS)[number];

export type Arithmetic = '+' | '-' | '*' | '/' | '%' | '||';

export const DATE_PARTS = [
  'year',
  'month',
  'day',
  'hour',
  'minute',
  'second',
  'timezone_hour',
  'timezone_minute',
] as const;
export type DatePart = (typeof DATE_PARTS)[number];

/** The types of CAST, synonyms resolved. Precision and scale are read and ignored. */
export const TYPE_NAMES = ['bool', 'int', 'string', 'float', 'decimal', 'timestamp'] as const;
export type TypeName = (typeof TYPE_NAMES)[number];

export const AGGREGATES = ['COUNT', 'SUM', 'AVG', 'MIN', 'MAX'] as const;
export type AggregateName = (typeof AGGREGATES)[number];

/** Functions that are called with a plain list of expressions; CHARACTER_LENGTH is CHAR_LENGTH here. */
export const FUNCTIONS = {
  COALESCE: { min: 1, max: Number.POSITIVE_INFINITY },
  NULLIF: { min: 2, max: 2 },
  CHAR_LENGTH: { min: 1, max: 1 },
  LOWER: { min: 1, max: 1 },
  UPPER: { min: 1, max: 1 },
  SUBSTRING: { min: 2, max: 3 },
  TO_STRING: { min: 2, max: 2 },
  TO_TIMESTAMP: { min: 1, max: 1 },
  UTCNOW: { min: 0, max: 0 },
} as const;
export type FunctionName = keyof typeof FUNCTIONS;

export type Expression = { place: Place } & (
  | { kind: 'string'; value: string }
  /** Digits, perhaps a point and an exponent; a sign is an operator. */
  | { kind: 'number'; text: string }
  /** What stands between backticks. */
  | { kind: 'ion'; text: string }
  /** Undefined is MISSING. */
  | { kind: 'constant'; value: boolean | null | undefined }
  | { kind: 'column'; qualifier: Name | null; name: Name }
  | { kind: 'not'; operand: Expression }
  | { kind: 'sign'; operator: '+' | '-'; operand: Expression }
  | { kind: 'logic'; operator: 'and' | 'or'; operands: Expression[] }
  | { kind: 'chain'; first: Expression; rest: { operator: Arithmetic; operand: Expression; place: Place }[] }
  | { kind: 'comparison'; operator: Comparison; left: Expression; right: Expression }
  | { kind: 'between'; negated: boolean; operand: Expression; low: Expression; high: Expression }
  | { kind: 'in'; negated: boolean; operand: Expression; choices: Expression[] }
  | { kind: 'like'; negated: boolean; operand: Expression; pattern: Expression; escape: Expression | null }
  | { kind: 'is'; negated: boolean; operand: Expression; what: 'null' | 'missing' | 'true' | 'false' }
  | { kind: 'cast'; operand: Expression; type: TypeName }
  | { kind: 'call'; name: FunctionName; arguments: Expression[] }
  | { kind: 'date-add'; part: DatePart; quantity: Expression; operand: Expression }
  | { kind: 'date-diff'; part: DatePart; from: Expression; to: Expression }
  | { kind: 'extract'; part: DatePart; operand: Expression }
  | { kind: 'trim'; side: 'leading' | 'trailing' | 'both'; characters: Expression | null; operand: Expression }
  /** With a subject, each `when` is compared with it; without one, each is a condition. */
  | {
      kind: 'case';
      subject: Expression | null;
      branches: { when: Expression; then: Expression }[];
      otherwise: Expression | null;
    }
  /** Without an operand: COUNT(*). */
  | { kind: 'aggregate'; name: AggregateName; operand: Expression | null }
);
