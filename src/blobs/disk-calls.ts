/**
 * How the stores on disk make their file calls, each for the directory that it concerns: by way of a gate that bounds how
 * many one disk has at once and how long one may take, or straight.
 */
export interface DiskCalls {
  /** A call that changes something. */
  run<T>(directory: string, call: () => Promise<T>): Promise<T>;
  /** A call that only reads. */
  read<T>(directory: string, call: () => Promise<T>): Promise<T>;
  /** A call that cleans up, and whose failure is nobody's business. */
  tidy(directory: string, call: () => Promise<unknown>): Promise<void>;
}

export const straightCalls: DiskCalls = {
  run: (_, call) => call(),
  read: (_, call) => call(),
  async tidy(_, call) {
    await call().catch(() => undefined);
  },
};

/** Something that is opened on a disk. */
export interface Opening<Opened> {
  /** Has the call made, by way of the gate or straight. */
  through: (call: () => Promise<Opened>) => Promise<Opened>;
  open: () => Promise<Opened>;
  /** Gets what opens when nobody waits for it any more. */
  abandon: (opened: Opened) => Promise<unknown>;
}

export async function openThrough<Opened>({ through, open, abandon }: Opening<Opened>): Promise<Opened> {
  const late: { opening?: Promise<Opened> } = {};
  try {
    return await through(() => {
      late.opening = open();
      return late.opening;
    });
  } catch (error) {
    late.opening?.then(abandon).catch(() => undefined);
    throw error;
  }
}
