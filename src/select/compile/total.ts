import { Decimal } from '../values/decimal.ts';
import { arithmetic, inRange, type Numeric } from '../values/numbers.ts';

/** A whole number of 15 digits can be added to one below this without leaving what a float holds exactly. */
const EXACT_MAX = 2 ** 52;

/**
 * A sum of numbers: exact where they are whole numbers and decimals, whatever their order; floats with what rounding lost
 * put back (Neumaier). The sum is of the kind that `+` would give.
 */
export class Total {
  #count = 0;
  /** Parts of the whole numbers and of the decimals, which are added to the others before they grow too large. */
  #small = 0;
  #scaled = 0;
  /** The part of the decimals is times 10 to the power of this. */
  #decimals = 0;
  #whole = 0n;
  #decimal: Decimal | null = null;
  #hasFloat = false;
  #float = 0;
  #lost = 0;

  /** A whole number of at most 15 digits. */
  addSmall(number: number): void {
    this.#count += 1;
    this.#small += number;
    if (Math.abs(this.#small) > EXACT_MAX) this.#gather();
  }

  /** A decimal of at most 15 digits, times 10 to the power of `decimals`. The sum has at least so many. */
  addScaled(number: number, decimals: number): void {
    if (decimals !== this.#decimals) this.#gather();
    this.#count += 1;
    this.#decimals = decimals;
    this.#scaled += number;
    if (Math.abs(this.#scaled) > EXACT_MAX) this.#gather();
  }

  addFloat(number: number): void {
    this.#count += 1;
    this.#hasFloat = true;
    const next = this.#float + number;
    const rounded =
      Math.abs(this.#float) >= Math.abs(number) ? this.#float - next + number : number - next + this.#float;
    this.#lost += rounded;
    this.#float = next;
  }

  add(number: Numeric): void {
    if (typeof number === 'number') {
      this.addFloat(number);
      return;
    }
    this.#count += 1;
    if (typeof number === 'bigint') this.#whole += number;
    else this.#addDecimal(number);
  }

  /** Null where nothing was added. Throws IntegerOverflow. */
  sum(): Numeric | null {
    if (this.#count === 0) return null;
    this.#gather();
    if (this.#decimal === null && !this.#hasFloat) return inRange(this.#whole);
    return this.#wide();
  }

  /** A decimal where the numbers are whole. Null where nothing was added. */
  average(): Numeric | null {
    if (this.#count === 0) return null;
    this.#gather();
    return arithmetic('/', this.#wide(), new Decimal(BigInt(this.#count), 0));
  }

  #gather(): void {
    this.#whole += BigInt(this.#small);
    this.#small = 0;
    if (this.#scaled !== 0) this.#addDecimal(new Decimal(BigInt(this.#scaled), this.#decimals));
    this.#scaled = 0;
  }

  #addDecimal(number: Decimal): void {
    this.#decimal = this.#decimal === null ? number : plus(this.#decimal, number);
  }

  /** The sum as a decimal or a float, which have room for what is beyond 64 bits. */
  #wide(): Numeric {
    const whole = new Decimal(this.#whole, 0);
    const exact = this.#decimal === null ? whole : plus(this.#decimal, whole);
    return this.#hasFloat ? arithmetic('+', this.#float + this.#lost, exact) : exact;
  }
}

const plus = (a: Decimal, b: Decimal): Decimal => arithmetic('+', a, b) as Decimal;
