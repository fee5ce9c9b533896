/** Works on items some at a time, and gives the results as they come; fewer items are held than are worked on. */
export async function* sideBySide<Item, Result>(
  items: AsyncIterable<Item>,
  { atOnce, work }: { atOnce: number; work: (item: Item) => Promise<Result> },
): AsyncGenerator<Result, void, void> {
  const running = new Map<number, Promise<{ number: number; result: Result }>>();
  const first = async () => {
    const { number, result } = await Promise.race(running.values());
    running.delete(number);
    return result;
  };
  let count = 0;
  try {
    for await (const item of items) {
      const number = count;
      count += 1;
      running.set(
        number,
        work(item).then((result) => ({ number, result })),
      );
      if (running.size >= atOnce) yield await first();
    }
    while (running.size > 0) yield await first();
  } finally {
    await Promise.allSettled(running.values());
  }
}
