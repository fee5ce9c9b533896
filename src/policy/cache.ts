import { limits } from '../model/limits.ts';
import { type CompiledPolicy, compilePolicy } from './compile.ts';
import type { PolicyOwner } from './statement.ts';

/**
 * Compiled documents by their text, so that a decision reads none. A text always means the same, hence nothing here can be
 * out of date; the least recently used go first.
 */
export class PolicyCache {
  readonly #compiled = new Map<string, CompiledPolicy>();
  readonly #policiesMax: number;

  constructor(policiesMax: number = limits.policiesCachedMax) {
    this.#policiesMax = policiesMax;
  }

  /** As `compilePolicy`; a refusal is thrown every time. */
  compile(text: string, owner: PolicyOwner): CompiledPolicy {
    const key = `${owner.kind}\n${owner.kind === 'identity' ? '' : owner.vaultArn}\n${text}`;
    const known = this.#compiled.get(key);
    const policy = known ?? compilePolicy(text, owner);
    if (known !== undefined) this.#compiled.delete(key);
    this.#compiled.set(key, policy);
    const [oldest] = this.#compiled.keys();
    if (this.#compiled.size > this.#policiesMax && oldest !== undefined) this.#compiled.delete(oldest);
    return policy;
  }
}
