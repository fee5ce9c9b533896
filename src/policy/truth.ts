/**
 * Logic with a third value. A test on a request can hold, fail, or be impossible to carry out (a date that is not one, a
 * variable without a value). Such a test is `MAYBE`, and stays so through `not`, `Math.min` (and) and `Math.max` (or) unless
 * the other side decides alone: Kleene's logic. In the end a Deny takes MAYBE for yes and an Allow takes it for no.
 */
export const NO = 0;
export const MAYBE = 1;
export const YES = 2;

export type Truth = typeof NO | typeof MAYBE | typeof YES;

export const truth = (holds: boolean): Truth => (holds ? YES : NO);

export const not = (value: Truth): Truth => (YES - value) as Truth;

/** Whether the test holds for every item; the first that fails ends it. */
export function every<Item>(items: readonly Item[], test: (item: Item) => Truth): Truth {
  let worst: Truth = YES;
  for (const item of items) {
    const found = test(item);
    if (found === NO) return NO;
    if (found < worst) worst = found;
  }
  return worst;
}

/** Whether the test holds for an item; the first that passes ends it. */
export function some<Item>(items: readonly Item[], test: (item: Item) => Truth): Truth {
  let best: Truth = NO;
  for (const item of items) {
    const found = test(item);
    if (found === YES) return YES;
    if (found > best) best = found;
  }
  return best;
}
