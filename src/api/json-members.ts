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

export const wrongType = (name: string, type: string): GlacierError =>
  new GlacierError('SerializationException', `The member ${name} of the request body must be ${type}.`);
