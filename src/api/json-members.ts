import { GlacierError, invalidParameter } from '../model/errors.ts';
import { isTopicArn } from '../model/topics.ts';

/**
 * Members of JSON bodies. One that is null was not given; unknown members are ignored; a member of another type than the
 * published one is a SerializationException, a value out of its range an InvalidParameterValueException.
 */
export type Json = Readonly<Record<string, unknown>>;

export function text(from: Json, name: string): string | null {
  const value = from[name] ?? null;
  if (value !== null && typeof value !== 'string') throw wrongType(name, 'a string');
  return value;
}

export function object(from: Json, name: string): Json | null {
  const value = from[name] ?? null;
  if (value !== null && (typeof value !== 'object' || Array.isArray(value))) throw wrongType(name, 'an object');
  return value as Json | null;
}

export function texts(from: Json, name: string): readonly string[] | null {
  const value = from[name] ?? null;
  if (value === null) return null;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw wrongType(name, 'a list of strings');
}

export function oneOf<T extends string>(from: Json, name: string, words: readonly T[]): T | null {
  const value = text(from, name);
  if (value === null) return null;
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw invalidParameter(`Invalid ${name}: ${value}. It must be one of ${words.join(', ')}.`);
  return word;
}

/** The ARN of an SNS topic. */
export function topicArn(from: Json, name: string): string | null {
  const value = text(from, name);
  if (value !== null && !isTopicArn(value)) throw invalidParameter(`Invalid ${name}: ${value}`);
  return value;
}

/** The members of an object somewhere in a body, which errors call by the whole path. */
export class Members {
  readonly json: Json;
  readonly #path: string;

  private constructor(json: Json, path: string) {
    this.json = json;
    this.#path = path;
  }

  static of(body: Json, name: string): Members | null {
    const json = object(body, name);
    return json === null ? null : new Members(json, name);
  }

  /** How errors call a member. */
  path(name: string): string {
    return `${this.#path}.${name}`;
  }

  text(name: string): string | null {
    const value = this.json[name] ?? null;
    if (value !== null && typeof value !== 'string') throw wrongType(this.path(name), 'a string');
    return value;
  }

  object(name: string): Members | null {
    const value = this.json[name] ?? null;
    if (value === null) return null;
    if (!isObject(value)) throw wrongType(this.path(name), 'an object');
    return new Members(value, this.path(name));
  }

  objects(name: string): Members[] | null {
    const value = this.json[name] ?? null;
    if (value === null) return null;
    if (!Array.isArray(value) || !value.every(isObject)) throw wrongType(this.path(name), 'a list of objects');
    return value.map((item, index) => new Members(item, `${this.path(name)}[${index}]`));
  }

  /** An object that has texts under names of the client's own. */
  entries(name: string): [string, string][] | null {
    const value = this.object(name);
    if (value === null) return null;
    const entries = Object.entries(value.json);
    if (!entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')) {
      throw wrongType(this.path(name), 'an object of strings');
    }
    return entries;
  }

  /** One of some words, in whatever case; as it stands in `words`. */
  word<T extends string>(name: string, words: readonly T[]): T | null {
    const value = this.text(name);
    if (value === null) return null;
    const word = words.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
    if (word !== undefined) return word;
    const list = words.length === 1 ? words.join() : `one of ${words.join(', ')}`;
    throw invalidParameter(`Invalid ${this.path(name)}: ${value}. It must be ${list}.`);
  }
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const wrongType = (name: string, type: string): GlacierError =>
  new GlacierError('SerializationException', `The member ${name} of the request body must be ${type}.`);
