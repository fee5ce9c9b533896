/**
 * What clients know of things that have a value or none, while the server is killed: the value of the last answer, and that
 * of a request which is on its way or was cut off. Each has one client, so that there is one such request at most.
 */
export class Facts<Value extends string | boolean> {
  readonly #sure = new Map<string, Value | undefined>();
  readonly #maybe = new Map<string, Value | undefined>();
  #touched = new Set<string>();

  /** Names of things whose last answer left them with a value, and that no request is under way for. */
  get names(): string[] {
    return [...this.#sure].flatMap(([name, value]) => (value === undefined || this.#maybe.has(name) ? [] : [name]));
  }

  /** Names whose value was changed, or asked to be, since they were checked. */
  get touched(): string[] {
    return [...this.#touched];
  }

  valueOf(name: string): Value | undefined {
    return this.#sure.get(name);
  }

  /** A request that gives this value is about to be sent. */
  ask(name: string, value: Value | undefined): void {
    this.#maybe.set(name, value);
    this.#touched.add(name);
  }

  /** The request was answered: done, or refused. */
  settle(name: string, isDone: boolean): void {
    if (isDone) this.#sure.set(name, this.#maybe.get(name));
    this.#maybe.delete(name);
  }

  /** Undefined when this is what may be there; from now on it is what must be. */
  complaint(name: string, actual: Value | undefined): string | undefined {
    const allowed = [this.#sure.get(name), ...(this.#maybe.has(name) ? [this.#maybe.get(name)] : [])];
    if (!allowed.includes(actual)) return `${name} is ${actual}, and should be ${allowed.join(' or ')}`;
    this.#sure.set(name, actual);
    this.#maybe.delete(name);
    this.#touched.delete(name);
    return undefined;
  }
}
