import { limits } from '../model/limits.ts';
import { type CompiledPolicy, compilePolicy } from './compile.ts';
import type { PolicyOwner } from './statement.ts';

/**
 * Compiled documents by their text, so that a decision reads none. A text always means the same, hence nothing here can be
 * out of date; the least recently used go first.
 */
export class PolicyCache {
  readonly #compiled = new Map<string, CompiledPolicy>();
  readonly #weightBytesMax: number;
  #weightBytes = 0;

  constructor(weightBytesMax: number = limits.policiesCachedBytesMax) {
    this.#weightBytesMax = weightBytesMax;
  }

  /** As `compilePolicy`; a refusal is thrown every time. */
  compile(text: string, owner: PolicyOwner): CompiledPolicy {
    const key = `${owner.kind}\n${owner.kind === 'identity' ? '' : owner.vaultArn}\n${text}`;
    const known = this.#compiled.get(key);
    const policy = known ?? compilePolicy(text, owner);
    if (known !== undefined) this.#forget(key, known);
    this.#compiled.set(key, policy);
    this.#weightBytes += policy.weightBytes;
    for (const [oldest, { weightBytes }] of this.#compiled) {
      if (this.#weightBytes <= this.#weightBytesMax) break;
      this.#forget(oldest, { weightBytes });
    }
    return policy;
  }

  #forget(key: string, { weightBytes }: Pick<CompiledPolicy, 'weightBytes'>): void {
    this.#compiled.delete(key);
    this.#weightBytes -= weightBytes;
  }
}
