import type { Row } from '../../src/select/compile/row.ts';

/** A row over texts, as plainly as it can be said. */
export class TextRow implements Row {
  fields: readonly string[] = [];
  /** How often a field's text was asked for. */
  texts = 0;

  get fieldCount(): number {
    return this.fields.length;
  }

  text(field: number): string | undefined {
    this.texts += 1;
    return this.fields[field];
  }

  compare(field: number, bytes: Uint8Array): number {
    return Buffer.compare(Buffer.from(this.fields[field] as string), bytes);
  }

  equals(field: number, bytes: Uint8Array): boolean {
    return this.#bytes(field)?.equals(bytes) ?? false;
  }

  startsWith(field: number, bytes: Uint8Array): boolean {
    return this.#bytes(field)?.subarray(0, bytes.length).equals(bytes) ?? false;
  }

  endsWith(field: number, bytes: Uint8Array): boolean {
    const own = this.#bytes(field);
    return own !== undefined && own.length >= bytes.length && own.subarray(own.length - bytes.length).equals(bytes);
  }

  includes(field: number, bytes: Uint8Array): boolean {
    return this.#bytes(field)?.includes(Buffer.from(bytes)) ?? false;
  }

  scaled(field: number, decimals: number): number {
    const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(this.fields[field] ?? '');
    if (match === null) return Number.NaN;
    const [, sign = '', whole = '', fraction = ''] = match;
    const digits = `${whole}${fraction.padEnd(decimals, '0')}`;
    const tooLong = fraction.length > decimals || digits.length > 15;
    return tooLong ? Number.NaN : Number(`${sign}${digits}`);
  }

  #bytes(field: number): Buffer | undefined {
    const text = this.fields[field];
    return text === undefined ? undefined : Buffer.from(text);
  }
}
