const SHOWN_LENGTH_MAX = 100;
const PLAIN = /^[\x21-\x7e]+$/;

/** What is wrong with a policy document, in one sentence that begins with the place. Never leaves this folder. */
export class PolicyFault extends Error {
  constructor(place: string, what: string) {
    super(`${place}: ${what}`);
    this.name = 'PolicyFault';
  }
}

/** A piece of the author's text as it can stand in a sentence: quoted unless it is one plain word, and never long. */
export function shown(text: string): string {
  const short = text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}...` : text;
  return PLAIN.test(short) ? short : JSON.stringify(short);
}

/** `a`, `a or b`, `a, b or c`. */
export function anyOf(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}
