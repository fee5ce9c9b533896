import { describe, expect, test } from 'vitest';
import { parseRetrievalPolicy, renderRetrievalPolicy } from './retrieval-policy.ts';
import { parseWithBigints } from './whole-numbers.ts';

const read = (json: string) => parseRetrievalPolicy(parseWithBigints(json) as Record<string, unknown>);
const rule = (members: string) => `{"Policy":{"Rules":[{${members}}]}}`;
const rate = (number: string) => rule(`"Strategy":"BytesPerHour","BytesPerHour":${number}`);
const refusalOf = (json: string): [string, string] => {
  try {
    read(json);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return [code, message];
  }
  throw new Error('it was not refused');
};

describe('SetDataRetrievalPolicy', () => {
  test.each([
    ['10737418240', 10737418240n],
    ['1', 1n],
    ['9007199254740993', 9007199254740993n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['10.0', 10n],
    ['1e3', 1000n],
    ['9.223372036854775807E18', 2n ** 63n - 1n],
  ])('takes %s bytes per hour', (number, bytesPerHour) => {
    expect(read(rate(number))).toEqual({ strategy: 'BytesPerHour', bytesPerHour });
  });

  test.each(['FreeTier', 'None'])('takes %s, with nothing else', (strategy) => {
    expect(read(rule(`"Strategy":"${strategy}"`))).toEqual({ strategy });
    expect(read(rule(`"BytesPerHour":null,"Strategy":"${strategy}"`))).toEqual({ strategy });
    expect(refusalOf(rule(`"BytesPerHour":1,"Strategy":"${strategy}"`))).toEqual([
      'InvalidParameterValueException',
      `BytesPerHour is not valid with the strategy ${strategy}.`,
    ]);
  });

  test.each(['0', '-1', '1.5', '9223372036854775808', '1e19', '1e400', '0.1e-5', '1.00000000000000000001'])(
    'refuses %s bytes per hour',
    (number) => {
      const [code, message] = refusalOf(rate(number));
      expect(code).toBe('InvalidParameterValueException');
      expect(message).toMatch(/^Invalid BytesPerHour: .+\. It must be a whole number from 1 to 9223372036854775807\.$/);
    },
  );

  test.each([
    ['{}', 'Policy'],
    ['{"Policy":null}', 'Policy'],
    ['{"Policy":{}}', 'Rules'],
    ['{"Policy":{"Rules":null}}', 'Rules'],
    [rule(''), 'Strategy'],
    [rule('"BytesPerHour":1'), 'Strategy'],
    [rule('"Strategy":"BytesPerHour"'), 'BytesPerHour'],
    [rate('null'), 'BytesPerHour'],
    ['{"Rules":[{"Strategy":"None"}]}', 'Policy'],
  ])('misses in %s the %s', (json, name) => {
    expect(refusalOf(json)).toEqual(['MissingParameterValueException', `Required parameter missing: ${name}`]);
  });

  test('misses everything in a request without a body', () => {
    expect(() => parseRetrievalPolicy(undefined)).toThrow('Required parameter missing: Policy');
  });

  test.each([
    '{"Policy":1}',
    '{"Policy":[]}',
    '{"Policy":{"Rules":{}}}',
    '{"Policy":{"Rules":[1]}}',
    '{"Policy":{"Rules":[null]}}',
    rule('"Strategy":7'),
    rate('"1000"'),
    rate('true'),
    rate('[1]'),
    rate('{}'),
  ])('refuses members of other types: %s', (json) => {
    expect(refusalOf(json)[0]).toBe('SerializationException');
  });

  test.each(['bytesperhour', 'NONE', '', 'Freetier', 'toString'])('does not know the strategy %j', (strategy) => {
    expect(refusalOf(rule(`"Strategy":"${strategy}"`))).toEqual([
      'InvalidParameterValueException',
      `Invalid Strategy: ${strategy}. It must be one of BytesPerHour, FreeTier, None.`,
    ]);
  });

  test.each([0, 2, 3])('wants one rule, not %d', (count) => {
    const rules = Array.from({ length: count }, () => '{"Strategy":"None"}').join();
    expect(refusalOf(`{"Policy":{"Rules":[${rules}]}}`)).toEqual([
      'InvalidParameterValueException',
      `Invalid Rules: a policy has exactly one rule, not ${count}.`,
    ]);
  });
});

test('a policy is shown with all digits, and null where there are none', () => {
  const shown = (policy: Parameters<typeof renderRetrievalPolicy>[0]) => JSON.stringify(renderRetrievalPolicy(policy));
  expect(shown({ strategy: 'BytesPerHour', bytesPerHour: 2n ** 63n - 1n })).toBe(
    '{"Policy":{"Rules":[{"BytesPerHour":9223372036854775807,"Strategy":"BytesPerHour"}]}}',
  );
  expect(shown({ strategy: 'None' })).toBe('{"Policy":{"Rules":[{"BytesPerHour":null,"Strategy":"None"}]}}');
});
