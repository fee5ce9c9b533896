import { invalidParameter, missingParameter } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { RETRIEVAL_STRATEGIES, type RetrievalPolicy } from '../model/retrieval-policies.ts';
import { type Json, object, oneOf, wrongType } from './json-members.ts';
import { exactNumber } from './whole-numbers.ts';

/** The body of SetDataRetrievalPolicy, its whole numbers read as bigints: one policy of exactly one rule. */
export function parseRetrievalPolicy(body: Json | undefined): RetrievalPolicy {
  const policy = object(body ?? {}, 'Policy');
  if (policy === null) throw missingParameter('Policy');
  const rule = onlyRule(policy);
  const strategy = oneOf(rule, 'Strategy', RETRIEVAL_STRATEGIES);
  if (strategy === null) throw missingParameter('Strategy');
  const bytesPerHour = byteRate(rule);
  if (strategy === 'BytesPerHour') {
    if (bytesPerHour === null) throw missingParameter('BytesPerHour');
    return { strategy, bytesPerHour };
  }
  if (bytesPerHour !== null) throw invalidParameter(`BytesPerHour is not valid with the strategy ${strategy}.`);
  return { strategy };
}

function onlyRule(policy: Json): Json {
  const rules = policy.Rules ?? null;
  if (rules === null) throw missingParameter('Rules');
  if (!Array.isArray(rules)) throw wrongType('Rules', 'an array of objects');
  if (rules.length !== 1) throw invalidParameter(`Invalid Rules: a policy has exactly one rule, not ${rules.length}.`);
  const [rule] = rules;
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) throw wrongType('Rules', 'an array of objects');
  return rule;
}

function byteRate(rule: Json): bigint | null {
  const value = rule.BytesPerHour ?? null;
  if (value === null) return null;
  if (typeof value !== 'bigint' && typeof value !== 'number') throw wrongType('BytesPerHour', 'a number');
  if (typeof value === 'number' || value < 1n || value > limits.bytesPerHourMax) {
    throw invalidParameter(
      `Invalid BytesPerHour: ${value}. It must be a whole number from 1 to ${limits.bytesPerHourMax}.`,
    );
  }
  return value;
}

/** A policy as GetDataRetrievalPolicy shows it. */
export function renderRetrievalPolicy(policy: RetrievalPolicy) {
  const bytesPerHour = policy.strategy === 'BytesPerHour' ? exactNumber(policy.bytesPerHour) : null;
  return { Policy: { Rules: [{ BytesPerHour: bytesPerHour, Strategy: policy.strategy }] } };
}
