import { limits } from '../src/model/limits.ts';
import { PolicyCache } from '../src/policy/cache.ts';
import { type CompiledPolicy, compilePolicy } from '../src/policy/compile.ts';
import { type Principal, type RequestFacts, requestContext } from '../src/policy/context.ts';
import { type Decision, evaluate, type Policies } from '../src/policy/evaluate.ts';
import { compileGlob, piecesOf } from '../src/policy/glob.ts';
import { subjectOf } from '../src/policy/subject.ts';
import type { Row } from './report.ts';
import { inTurn } from './rounds.ts';
import { median } from './statistics.ts';

const OWN = '111122223333';
const VAULT = `arn:aws:glacier:us-east-1:${OWN}:vaults/deeds`;
const LOCK_OWNER = { kind: 'lock', vaultArn: VAULT } as const;
const MICROSECONDS_PER_MS = 1000;

const bob: Principal = {
  type: 'user',
  accountId: OWN,
  arn: `arn:aws:iam::${OWN}:user/bob`,
  userId: 'AIDABOB',
  userName: 'bob',
};
const root: Principal = { type: 'root', accountId: OWN, arn: `arn:aws:iam::${OWN}:root`, userId: OWN };
const facts: RequestFacts = {
  action: 'DeleteArchive',
  principal: bob,
  resourceAccountId: OWN,
  region: 'us-east-1',
  nowMs: Date.UTC(2026, 4, 5),
  secureTransport: true,
  sourceIp: '198.51.100.9',
  userAgent: 'aws-sdk-js/3.1048.0',
  archiveAgeInDays: 400,
};

const identityText = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'glacier:*', Resource: `arn:aws:glacier:*:${OWN}:vaults/*` },
    {
      Effect: 'Deny',
      Action: 'glacier:Delete*',
      Resource: '*',
      Condition: { IpAddress: { 'aws:SourceIp': ['192.0.2.0/24', '203.0.113.0/24'] } },
    },
  ],
});
const lockText = JSON.stringify({
  Statement: {
    Effect: 'Deny',
    Principal: '*',
    Action: 'glacier:DeleteArchive',
    Resource: VAULT,
    Condition: { NumericLessThan: { 'glacier:ArchiveAgeInDays': '365' } },
  },
});

/** What is measured: how often in a round, and held against which other. */
interface Contestant {
  run: () => unknown;
  repeats: number;
  against?: string;
}

/** Decisions, documents and patterns, in this process: no server, no socket. */
export async function policy({ quick }: { quick: boolean }): Promise<Row[]> {
  const contestants = { ...decisions(), ...documents(), ...patterns() };
  const values = await inTurn(
    quick ? 3 : 9,
    Object.fromEntries(
      Object.entries(contestants).map(([name, { run, repeats }]) => [
        name,
        async () => microseconds(run, quick ? Math.ceil(repeats / 10) : repeats),
      ]),
    ),
  );
  const figure = (name: string) => ({ case: name, value: median(values[name] ?? []) });
  return Object.entries(contestants).map(([name, { against }]) => ({
    ...figure(name),
    unit: 'µs',
    against: against === undefined ? undefined : figure(against),
  }));
}

function microseconds(run: () => unknown, repeats: number): number {
  const startedMs = performance.now();
  for (let repeat = 0; repeat < repeats; repeat += 1) run();
  return ((performance.now() - startedMs) * MICROSECONDS_PER_MS) / repeats;
}

function decisions(): Record<string, Contestant> {
  const identity = [compilePolicy(identityText, { kind: 'identity' })];
  const lock = compilePolicy(lockText, LOCK_OWNER);
  const against = 'root, no policy';
  return {
    [against]: {
      run: decision({ identity: [] }, { principal: root, action: 'DescribeVault' }, 'allow'),
      repeats: 20_000,
    },
    'user, own policy': { run: decision({ identity }, { action: 'DescribeVault' }, 'allow'), repeats: 20_000, against },
    'user, own policy with addresses, vault lock': {
      run: decision({ identity, lock }, {}, 'allow'),
      repeats: 20_000,
      against,
    },
    'user, denied by the vault lock': {
      run: decision({ identity, lock }, { archiveAgeInDays: 364 }, 'explicit-deny'),
      repeats: 20_000,
      against,
    },
    ...worst(against),
  };
}

/** The longest value that is still tested; the patterns below nearly stand everywhere in it. */
const longest = `b${'a'.repeat(limits.policyValueLengthMax - 1)}`;
const halfAsLong: Principal = { ...bob, userId: `${longest.slice(0, limits.policyValueLengthMax / 2)}b` };
const manyTags = Array.from({ length: limits.policyValuesMax }, (_, index) => `b${'a'.repeat(index)}`);

/** The dearest documents that may be set, each with the dearest request for it. */
function worst(against: string): Record<string, Contestant> {
  const row = (identity: CompiledPolicy[], change: Partial<RequestFacts>, reason: Decision['reason']): Contestant => ({
    run: decision({ identity }, change, reason),
    repeats: 50,
    against,
  });
  const ofLongest = (pattern: string): Contestant => row([full({ pattern })], { referer: longest }, 'no-allow');
  const ofTags = (count?: number): CompiledPolicy[] => [full({ pattern: '*ab*', key: 'aws:TagKeys', count })];
  const tagging = { action: 'AddTagsToVault', tagKeys: manyTags } as const;
  return {
    'a full document of *a*a*a*a*b*b*': ofLongest('*a*a*a*a*b*b*'),
    'a full document of *?1*': ofLongest('*?1*'),
    'a full document of *ab*': ofLongest('*ab*'),
    'a full document of *a?b*': ofLongest('*a?b*'),
    'a full document of 16 a, b': ofLongest(`*${'a'.repeat(16)}b*`),
    'a full document of 60 a, any, b': ofLongest(`*${'a'.repeat(60)}?b*`),
    'as many of *ab* as 50 tags are held against': row(ofTags(600), tagging, 'no-allow'),
    'a full document of them, undecided': row(ofTags(), tagging, 'explicit-deny'),
    'ten full documents, until undecided': row(
      Array(10).fill(full({ pattern: '*ab*' })),
      { referer: longest },
      'explicit-deny',
    ),
    'a full document of variables, until undecided': row(
      [full({ pattern: `*$\{aws:userid}?*` })],
      { referer: longest, principal: halfAsLong },
      'explicit-deny',
    ),
  };
}

/** A document that denies by one pattern over and over, the largest there may be if no count is given. */
function full({
  pattern,
  key = 'aws:Referer',
  count = Number.POSITIVE_INFINITY,
}: {
  pattern: string;
  key?: string;
  count?: number | undefined;
}): CompiledPolicy {
  const textOf = (list: string[]): string =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { 'ForAnyValue:StringLike': { [key]: list } },
      },
    });
  const space = limits.policyBytesMax - textOf([]).length;
  const most = Math.floor(space / (JSON.stringify(pattern).length + 1));
  return compilePolicy(textOf(Array(Math.min(count, most)).fill(pattern)), { kind: 'identity' });
}

/** A decision with everything that a request needs for it, once seen to be the right one. */
function decision(policies: Policies, change: Partial<RequestFacts>, reason: Decision['reason']): () => Decision {
  const asked = { ...facts, ...change };
  const { action, principal, resourceAccountId } = asked;
  const decide = () =>
    evaluate({ action, resource: VAULT, principal, resourceAccountId, context: requestContext(asked) }, policies);
  const found = decide();
  if (found.reason !== reason) throw new Error(`decided ${found.reason} instead of ${reason}`);
  return decide;
}

function documents(): Record<string, Contestant> {
  const cache = new PolicyCache();
  cache.compile(lockText, LOCK_OWNER);
  const against = 'JSON.parse of two statements';
  return {
    [against]: { run: () => JSON.parse(identityText), repeats: 20_000 },
    'compiling them': { run: () => compilePolicy(identityText, { kind: 'identity' }), repeats: 500, against },
    'a compiled document from the cache': {
      run: () => cache.compile(lockText, LOCK_OWNER),
      repeats: 20_000,
      against: 'root, no policy',
    },
  };
}

function patterns(): Record<string, Contestant> {
  const text = `arn:aws:glacier:us-east-1:${OWN}:vaults/${'a'.repeat(60)}`;
  const numbers = Array.from({ length: 10_000 }, (_, index) => String(index));
  const globs = numbers.map((number) => compileGlob(piecesOf(`*a*a*a*${number}*`)));
  const long = 'a'.repeat(limits.policyValueLengthMax);
  const plain = '10,000 times includes(n)';
  const reading = 'reading 1 KiB, a character at a time';
  const row = (pattern: string): Contestant => {
    const matches = compileGlob(piecesOf(pattern));
    return { run: () => matches(subjectOf(long)), repeats: 200, against: reading };
  };
  return {
    [plain]: { run: () => numbers.filter((number) => text.includes(number)), repeats: 20 },
    '10,000 patterns *a*a*a*n*': {
      run: () => {
        const subject = subjectOf(text);
        return globs.filter((matches) => matches(subject));
      },
      repeats: 20,
      against: plain,
    },
    [reading]: { run: () => sumOf(long), repeats: 2000 },
    'a long chunk that nearly fits everywhere': row(`*${'a'.repeat(500)}b*`),
    'question marks that fit everywhere': row(`*${'a?'.repeat(250)}b*`),
    'stars without end': row(`${'*a'.repeat(500)}*b*`),
  };
}

function sumOf(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at += 1) sum += text.charCodeAt(at);
  return sum;
}
