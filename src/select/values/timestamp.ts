export type Precision = 'year' | 'month' | 'day' | 'minute' | 'second';

export class Timestamp {
  readonly precision: Precision;

  constructor(precision: Precision) {
    this.precision = precision;
  }
}
