import { limits } from '../../model/limits.ts';
import { errorAt, type Place, type SelectError } from '../select-error.ts';
import { RESERVED_WORDS } from './reserved-words.ts';
import type { Name } from './syntax.ts';
import { shown, type Token } from './token.ts';
import { BEGINNING, tokenAfter } from './tokens.ts';

/** Reads a query from its beginning to its end: there is one token to look at, and going on to the next. */
export class TokenReader {
  readonly text: string;
  #token: Token;
  /** The token after it, once it was looked at. */
  #following: Token | undefined;
  #nested = { expressions: 0, parentheses: 0 };

  constructor(text: string) {
    this.text = text;
    this.#token = tokenAfter(text, BEGINNING);
  }

  get token(): Token {
    return this.#token;
  }

  get place(): Place {
    return this.#token.place;
  }

  /** The token, which is passed. */
  next(): Token {
    const token = this.#token;
    this.#token = this.following;
    this.#following = undefined;
    return token;
  }

  /** The next token, which is looked at and stays. */
  get following(): Token {
    this.#following ??= tokenAfter(this.text, this.#token);
    return this.#following;
  }

  isWord(...words: string[]): boolean {
    return this.#token.kind === 'word' && words.includes(this.#token.value);
  }

  isSymbol(...symbols: string[]): boolean {
    return this.#token.kind === 'symbol' && symbols.includes(this.#token.value);
  }

  /** Whether the word stands here, and then it is passed. */
  takeWord(word: string): boolean {
    const found = this.isWord(word);
    if (found) this.next();
    return found;
  }

  takeSymbol(symbol: string): boolean {
    const found = this.isSymbol(symbol);
    if (found) this.next();
    return found;
  }

  expectWord(word: string): void {
    if (!this.takeWord(word)) throw this.expected(word, 'ParseExpectedKeyword');
  }

  expectSymbol(symbol: string, code = 'ParseExpectedTokenType'): void {
    if (!this.takeSymbol(symbol)) throw this.expected(symbol, code);
  }

  /** A name that stands here is passed; reserved words are none. */
  takeName(): Name | null {
    const { kind, value } = this.#token;
    if (kind === 'quoted') return { text: this.next().value, quoted: true };
    if (kind !== 'word' || RESERVED_WORDS.has(value)) return null;
    const { start, end } = this.next();
    return { text: this.text.slice(start, end), quoted: false };
  }

  /** What stands here is not what the grammar wants. */
  expected(what: string, code: string): SelectError {
    return errorAt(code, `expected ${what}, found ${this.shown()}`, this.place);
  }

  shown(token = this.#token): string {
    return shown(this.text, token);
  }

  /** Reads something that stands within something of its kind; throws SelectError when that goes on too deep. */
  nested<Read>(kind: 'expressions' | 'parentheses', read: () => Read): Read {
    this.#nested[kind] += 1;
    if (this.#nested[kind] > limits.selectNestingMax) throw tooDeep(this.place);
    const found = read();
    this.#nested[kind] -= 1;
    return found;
  }
}

export const tooDeep = (place: Place): SelectError =>
  errorAt('MaxOperatorsExceeded', `nested deeper than ${limits.selectNestingMax} levels`, place);
