/**
 * Runs the contestants in turn, A B A B, so that a slow minute of the machine falls on all of them alike. Returns what each
 * of them gave, a sample a round.
 */
export async function inTurn<Name extends string, Sample>(
  rounds: number,
  contestants: Record<Name, () => Promise<Sample>>,
): Promise<Record<Name, Sample[]>> {
  const names = Object.keys(contestants) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Sample[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) samples[name].push(await contestants[name]());
  }
  return samples;
}

/** Does something `count` times, by some clients at once, each of which takes the next turn when it is free. */
export async function atOnce(
  { clients, count }: { clients: number; count: number },
  action: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await action(index);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
}
