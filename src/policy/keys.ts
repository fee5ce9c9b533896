import type { CarriedKey } from './actions.ts';
import { PolicyFault, shown } from './fault.ts';
import { foldAscii, foldCase } from './fold.ts';
import { didYouMean } from './suggestion.ts';

/**
 * The condition keys that a policy may test: Glacier's two and those of `aws:` that mean something here. Names are
 * case-insensitive (Amazon's own samples write `glacier:ArchiveAgeinDays`), including the tag key that follows a slash.
 */
export type KeyType = 'text' | 'arn' | 'number' | 'date' | 'epoch' | 'boolean' | 'address' | 'tag';

export interface ConditionKey {
  /** As the documentation writes it; one that ends in a slash wants a tag key after it. */
  name: string;
  type: KeyType;
  /** A request may hold several values. */
  many?: boolean;
  /** Only requests for some actions hold it. */
  carriedAs?: CarriedKey;
}

export const CONDITION_KEYS: readonly ConditionKey[] = [
  { name: 'aws:CurrentTime', type: 'date' },
  { name: 'aws:EpochTime', type: 'epoch' },
  { name: 'aws:MultiFactorAuthAge', type: 'number' },
  { name: 'aws:MultiFactorAuthPresent', type: 'boolean' },
  { name: 'aws:PrincipalAccount', type: 'text' },
  { name: 'aws:PrincipalArn', type: 'arn' },
  { name: 'aws:PrincipalIsAWSService', type: 'boolean' },
  { name: 'aws:PrincipalTag/', type: 'tag' },
  { name: 'aws:PrincipalType', type: 'text' },
  { name: 'aws:Referer', type: 'text' },
  { name: 'aws:RequestTag/', type: 'tag', carriedAs: 'request-tag' },
  { name: 'aws:RequestedRegion', type: 'text' },
  { name: 'aws:ResourceAccount', type: 'text' },
  { name: 'aws:ResourceTag/', type: 'tag', carriedAs: 'resource-tag' },
  { name: 'aws:SecureTransport', type: 'boolean' },
  { name: 'aws:SourceIp', type: 'address' },
  { name: 'aws:TagKeys', type: 'text', many: true, carriedAs: 'tag-keys' },
  { name: 'aws:TokenIssueTime', type: 'date' },
  { name: 'aws:UserAgent', type: 'text' },
  { name: 'aws:ViaAWSService', type: 'boolean' },
  { name: 'aws:userid', type: 'text' },
  { name: 'aws:username', type: 'text' },
  { name: 'glacier:ArchiveAgeInDays', type: 'number', carriedAs: 'archive-age' },
  { name: 'glacier:ResourceTag/', type: 'tag', carriedAs: 'resource-tag' },
];

/** Keys of Amazon's that no request here can hold: networks, organizations and services of theirs. */
const ELSEWHERE = new Set(
  [
    ...['AssumedRoot', 'CalledVia', 'CalledViaFirst', 'CalledViaLast', 'ChatbotSourceArn', 'FederatedProvider'],
    ...['Ec2InstanceSourcePrivateIPv4', 'Ec2InstanceSourceVpc', 'PrincipalOrgID', 'PrincipalOrgPaths'],
    ...['PrincipalServiceName', 'PrincipalServiceNamesList', 'ResourceOrgID', 'ResourceOrgPaths', 'SourceAccount'],
    ...['SourceArn', 'SourceIdentity', 'SourceOrgID', 'SourceOrgPaths', 'SourceVpc', 'SourceVpcArn', 'SourceVpce'],
    ...['VpceAccount', 'VpceOrgID', 'VpceOrgPaths', 'VpcSourceIp'],
  ].map((name) => `aws:${name.toLowerCase()}`),
);

const byName = new Map(CONDITION_KEYS.map((key) => [key.name.toLowerCase(), key]));

/** The key a name stands for, with the name as requests are asked for it. PolicyFault when there is no such key. */
export function findKey(name: string, place: string): { key: ConditionKey; lookup: string } {
  const slash = name.indexOf('/');
  const plain = foldAscii(slash < 0 ? name : name.slice(0, slash + 1));
  const lookup = slash < 0 ? plain : plain + foldCase(name.slice(slash + 1));
  const key = byName.get(plain);
  if (key !== undefined) {
    if (slash === lookup.length - 1) throw new PolicyFault(place, `${shown(name)} needs a tag key after the slash.`);
    return { key, lookup };
  }
  if (byName.has(`${lookup}/`)) {
    throw new PolicyFault(place, `the condition key ${shown(name)} needs a slash and a tag key after it.`);
  }
  if (ELSEWHERE.has(lookup)) {
    throw new PolicyFault(place, `the condition key ${shown(name)} is one that this server has no values for.`);
  }
  const known = CONDITION_KEYS.map((candidate) => candidate.name);
  throw new PolicyFault(place, `the condition key ${shown(name)} is not known${didYouMean(name, known)}`);
}
