// biome-ignore lint/style/noRestrictedImports: the published SDK is the judge of these routes; the server never imports it
import * as sdk from '@aws-sdk/client-glacier';
import { describe, expect, test } from 'vitest';
import { operations } from './index.ts';

/** Every operation is held against the published model of the API, as the SDK carries it. */
const OPERATION_SCHEMA = 9;

interface Published {
  name: string;
  method: string;
  path: string;
  status: number;
}

/** What a command of the SDK says of its operation: the `http` trait of its schema. */
function publishedBy(command: { schema?: unknown }): Published {
  const [kind, , name, traits] = command.schema as [number, string, string, { http: [string, string, number] }];
  if (kind !== OPERATION_SCHEMA) throw new Error('the SDK keeps its operations in another way now');
  const [method, path, status] = traits.http;
  return { name, method, path, status };
}

type CommandClass = new (input: object) => { schema?: unknown };

const commands = Object.entries(sdk)
  .filter(([name]) => /\wCommand$/.test(name) && name !== '$Command')
  .map(([name, Command]) => [name, Command as unknown as CommandClass] as const);
const published = commands.map(([, Command]) => publishedBy(new Command({})));
const names: string[] = operations.map((operation) => operation.name);

test('the API has 33 operations', () => {
  expect(commands.map(([name]) => name.replace(/Command$/, '')).sort()).toEqual(
    published.map(({ name }) => name).sort(),
  );
  expect(published).toHaveLength(33);
});

test('each of them is there', () => {
  expect([...names].sort()).toEqual(published.map(({ name }) => name).sort());
});

describe.each(published)('$name', (expected) => {
  test(`is ${expected.method} ${expected.path} and answers ${expected.status}`, () => {
    const { name, method, path, status } = operations.find((operation) => operation.name === expected.name) ?? {};
    expect({ name, method, path, status }).toEqual(expected);
  });
});
