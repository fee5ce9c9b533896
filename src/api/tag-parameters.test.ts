import { describe, expect, test } from 'vitest';
import { parseTagKeys, parseTags, subjectOf } from './tag-parameters.ts';

const refused = (code: string, message: string) => expect.objectContaining({ code, message });
const body = (text: string): Record<string, unknown> => JSON.parse(text);
const many = (count: number) => Array.from({ length: count }, (_, index) => `k${index}`);
const LIMIT = refused('LimitExceededException', 'A vault has at most 50 tags.');

describe('the body of AddTagsToVault', () => {
  test('names tags, whatever an object calls them', () => {
    const given = '{"Tags":{"b":"2","A":"","__proto__":"x","10":"y"},"Unknown":1}';
    expect(Object.fromEntries(parseTags(body(given)))).toEqual(
      Object.fromEntries([
        ['b', '2'],
        ['A', ''],
        ['__proto__', 'x'],
        ['10', 'y'],
      ]),
    );
  });

  test('names as many tags as a vault can have, and not one more', () => {
    const tags = (count: number) => ({ Tags: Object.fromEntries(many(count).map((key) => [key, 'v'])) });
    expect(parseTags(tags(50)).size).toBe(50);
    expect(() => parseTags(tags(51))).toThrow(LIMIT);
  });

  test.each([
    [undefined, 'MissingParameterValueException', 'Required parameter missing: Tags'],
    ['{}', 'MissingParameterValueException', 'Required parameter missing: Tags'],
    ['{"Tags":null}', 'MissingParameterValueException', 'Required parameter missing: Tags'],
    ['{"Tags":{}}', 'MissingParameterValueException', 'Required parameter missing: Tags'],
    ['{"tags":{"a":"b"}}', 'MissingParameterValueException', 'Required parameter missing: Tags'],
    ['{"__proto__":{"Tags":{"a":"b"}}}', 'MissingParameterValueException', 'Required parameter missing: Tags'],
    ['{"Tags":[]}', 'SerializationException', 'The member Tags of the request body must be an object.'],
    ['{"Tags":"a=b"}', 'SerializationException', 'The member Tags of the request body must be an object.'],
    ['{"Tags":{"a":1}}', 'SerializationException', 'The value of the tag a must be a string.'],
    ['{"Tags":{"a":null}}', 'SerializationException', 'The value of the tag a must be a string.'],
    ['{"Tags":{"a":{}}}', 'SerializationException', 'The value of the tag a must be a string.'],
  ])('%s is refused', (text, code, message) => {
    expect(() => parseTags(text === undefined ? undefined : body(text))).toThrow(refused(code, message));
  });

  test.each([
    '{"Tags":{"aws:x":"y"}}',
    '{"Tags":{"":"y"}}',
    '{"Tags":{"ok":"y","a":"*"}}',
    '{"Tags":{"a\\ud800":"y"}}',
  ])('%s breaks a rule of tags', (text) => {
    expect(() => parseTags(body(text))).toThrow(expect.objectContaining({ code: 'InvalidParameterValueException' }));
  });
});

describe('the body of RemoveTagsFromVault', () => {
  test('names keys, each once', () => {
    expect(parseTagKeys({ TagKeys: ['b', 'a', 'b', '__proto__'] })).toEqual(['b', 'a', '__proto__']);
    expect(parseTagKeys({ TagKeys: many(50) })).toHaveLength(50);
  });

  test.each([
    [undefined, 'MissingParameterValueException', 'Required parameter missing: TagKeys'],
    [{}, 'MissingParameterValueException', 'Required parameter missing: TagKeys'],
    [{ TagKeys: null }, 'MissingParameterValueException', 'Required parameter missing: TagKeys'],
    [{ TagKeys: [] }, 'MissingParameterValueException', 'Required parameter missing: TagKeys'],
    [{ TagKeys: 'a' }, 'SerializationException', 'The member TagKeys of the request body must be a list of strings.'],
    [
      { TagKeys: { 0: 'a' } },
      'SerializationException',
      'The member TagKeys of the request body must be a list of strings.',
    ],
    [
      { TagKeys: ['a', null] },
      'SerializationException',
      'The member TagKeys of the request body must be a list of strings.',
    ],
    [
      { TagKeys: many(51) },
      'InvalidParameterValueException',
      'Invalid TagKeys: they are 51, a vault has at most 50 tags.',
    ],
    [
      { TagKeys: ['a', 'aws:b'] },
      'InvalidParameterValueException',
      'Invalid tag key: aws:b. Keys that begin with aws: are reserved.',
    ],
  ])('%j is refused', (given, code, message) => {
    expect(() => parseTagKeys(given)).toThrow(refused(code, message));
  });
});

describe('what policies see of a request for tags', () => {
  test('is what it would do, and nothing of what will be refused', () => {
    const subject = (tags: unknown) => subjectOf(() => ({ requestTags: parseTags({ Tags: tags }) }));
    expect(subject({ a: 'b' })).toEqual({ requestTags: new Map([['a', 'b']]) });
    expect(subject({ a: 'b', 'aws:c': 'd' })).toEqual({});
    expect(subject(7)).toEqual({});
  });

  test('a defect is not taken for a refusal', () => {
    const broken = () => {
      throw new TypeError('broken');
    };
    expect(() => subjectOf(broken)).toThrow('broken');
  });
});
