import { describe, expect, test } from 'vitest';
import { resourceArn } from './actions.ts';
import { type CompiledPolicy, compilePolicy } from './compile.ts';
import { type Decision, evaluate } from './evaluate.ts';

const OWN = '111122223333';
const PLACE = { region: 'us-east-1', accountId: OWN };
const arn = (name: string): string => `arn:aws:glacier:us-east-1:${OWN}:vaults/${name}`;
const identity = (element: object): CompiledPolicy =>
  compilePolicy(JSON.stringify({ Statement: { Effect: 'Deny', Action: 'glacier:*', ...element } }), {
    kind: 'identity',
  });

function decide(policy: CompiledPolicy, resource: string): Decision {
  const principal = { type: 'root', accountId: OWN, arn: `arn:aws:iam::${OWN}:root`, userId: OWN } as const;
  const request = { action: 'DescribeVault', principal, resourceAccountId: OWN, context: new Map() } as const;
  const policies = policy.kind === 'identity' ? { identity: [policy] } : { identity: [], [policy.kind]: policy };
  return evaluate({ ...request, resource }, policies);
}

describe('S-53 a resource', () => {
  test.each<[string | string[], string[], string[]]>([
    ['*', ['deeds', 'wills'], []],
    [arn('deeds'), ['deeds'], ['deeds2', 'deed', 'Deeds', 'deeds/', 'deeds/a']],
    [`${arn('deeds')}/`, [], ['deeds']],
    [arn('d*s'), ['ds', 'deeds', 'd:s'], ['deed']],
    [arn('d??ds'), ['deeds'], ['dds', 'deeeds']],
    [arn('*'), ['deeds', ''], []],
    [`arn:aws:glacier:*:*:vaults/deeds`, ['deeds'], ['wills']],
    [`arn:aws:glacier:us-*-?:${OWN}:vaults/deeds`, ['deeds'], []],
    [`arn:aws:glacier:us-east-2:${OWN}:vaults/deeds`, [], ['deeds']],
    ['arn:aws:glacier:us-east-1:444455556666:vaults/deeds', [], ['deeds']],
    [`arn:aws:glacier:us-east-1:${OWN}:*deeds`, ['deeds', 'my-deeds'], ['wills']],
    [`arn:aws:glacier:us-east-1:${OWN}:vault/deeds`, [], ['deeds']],
    [`arn:aws:glacier:us-east-1:${OWN}:VAULTS/deeds`, [], ['deeds']],
    ['arn:aws:glacier:*', ['deeds'], []],
    ['arn:*', ['deeds'], []],
    [[arn('deeds'), arn('wills')], ['deeds', 'wills'], ['tax']],
  ])('%j in an identity policy', (Resource, covered, others) => {
    const policy = identity({ Resource });
    for (const name of covered) expect(decide(policy, arn(name)).reason).toBe('explicit-deny');
    for (const name of others) expect(decide(policy, arn(name)).reason).toBe('allow');
    if (Resource === '*') return;
    const inverted = identity({ NotResource: Resource });
    for (const name of covered) expect(decide(inverted, arn(name)).reason).toBe('allow');
    for (const name of others) expect(decide(inverted, arn(name)).reason).toBe('explicit-deny');
  });

  test('a star does not reach over a colon into the next field', () => {
    const policy = identity({ Resource: `arn:aws:glacier:*:${OWN}:vaults/deeds` });
    expect(decide(policy, `arn:aws:glacier:us-east-1:444455556666:x:${OWN}:vaults/deeds`).reason).toBe('allow');
    expect(() => identity({ Resource: 'arn:aws:glacier:*vaults/deeds' })).toThrow('is not an ARN.');
  });

  test('of what has no vault is covered by a star only', () => {
    const [vaults, capacity] = (['ListVaults', 'PurchaseProvisionedCapacity'] as const).map((action) =>
      resourceArn(action, PLACE),
    ) as [string, string];
    expect(decide(identity({ Resource: arn('*') }), vaults).reason).toBe('explicit-deny');
    expect(decide(identity({ Resource: arn('deeds') }), vaults).reason).toBe('allow');
    expect(decide(identity({ Resource: arn('*') }), capacity).reason).toBe('allow');
    expect(decide(identity({ Resource: '*' }), capacity).reason).toBe('explicit-deny');
  });

  test("of another vault leaves a vault's own policy undecided: it denies, and allows nothing", () => {
    const of = (effect: string): CompiledPolicy =>
      compilePolicy(
        JSON.stringify({ Statement: { Effect: effect, Principal: '*', Action: '*', Resource: arn('deeds') } }),
        { kind: 'access', vaultArn: arn('deeds') },
      );
    expect(decide(of('Deny'), arn('wills')).statement?.undecided).toBe(true);
    const stranger = { type: 'user', accountId: OWN, arn: `arn:aws:iam::${OWN}:user/bob`, userId: 'AIDABOB' } as const;
    const request = {
      action: 'DescribeVault',
      principal: stranger,
      resourceAccountId: OWN,
      context: new Map(),
    } as const;
    const asked = (name: string): boolean =>
      evaluate({ ...request, resource: arn(name) }, { identity: [], access: of('Allow') }).allowed;
    expect([asked('deeds'), asked('wills')]).toEqual([true, false]);
  });
});
